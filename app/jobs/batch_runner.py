"""Execution of a batch's tasks, one by one in this process or on the workers of a Dask cluster.

Tasks write their results to the batch's folder. Workers on other machines need that folder, and the
folders of the road networks, at the same paths. Finished tasks are not repeated. If a worker dies,
Dask starts another, which repeats the task.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.jobs.access_tasks import AccessTask, is_done, run_task

if TYPE_CHECKING:
    from distributed import Client

#: Function that is called with the number of finished tasks and the number of all tasks.
type Progress = Callable[[int, int], None]

#: Stages of tasks; a stage begins when the one before is finished.
type Stages = Sequence[Sequence[AccessTask]]

#: Dask settings that switch off work of no use to a batch: profiling, and frequent checks of the
#: machine's state and the event loop. ``pre-spawn-environ`` leaves out the malloc setting of Dask's
#: default, MALLOC_TRIM_THRESHOLD_. With that setting glibc returns the memory of each array of
#: 128 KiB or more to the kernel and requests it anew, and the page faults take 2.5 s of the 13 s of
#: a batch (``./run bench access``).
_SPARE_WORKERS: Final = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.nanny.pre-spawn-environ": {
        "OMP_NUM_THREADS": 1,
        "MKL_NUM_THREADS": 1,
        "OPENBLAS_NUM_THREADS": 1,
    },
}


@dataclass(frozen=True, slots=True)
class Workers:
    """Workers for a batch: ``count`` processes of this machine, or those of a Dask scheduler.

    ``scheduler`` is the address of a scheduler, such as ``tcp://10.0.0.5:8786``; None starts
    processes on this machine. Anybody who can connect to a scheduler can run code on its workers,
    so ``tcp://`` is only for closed networks and ``tls://`` for all others. The connection fails
    after ``timeout_s`` seconds.
    """

    count: int = 1
    scheduler: str | None = None
    timeout_s: float = 10.0


class SchedulerUnreachableError(Exception):
    """No scheduler answers at the address."""


def run_here(folder: Path, stages: Stages, progress: Progress = lambda _done, _all: None) -> int:
    """Run the tasks in this process; return the number of tasks that were not finished before."""
    tasks = [task for stage in stages for task in stage]
    fresh = 0
    for done, task in enumerate(tasks, start=1):
        fresh += not is_done(folder, task)
        run_task(str(folder), task.name)
        progress(done, len(tasks))
    return fresh


def run_on(
    client: "Client",
    folder: Path,
    stages: Stages,
    progress: Progress = lambda _done, _all: None,
) -> int:
    """Run the tasks on a cluster; return the number of tasks that were not finished before.

    Waiting tasks are cancelled if an error or Ctrl-C ends the function early.

    Raises
    ------
    GraphError
        A worker cannot open a road network.
    """
    from distributed import as_completed

    total = sum(map(len, stages))
    left = [[task for task in stage if not is_done(folder, task)] for stage in stages]
    fresh = sum(map(len, left))
    done = total - fresh
    progress(done, total)
    for stage in left:
        futures = [
            client.submit(run_task, str(folder), task.name, key=f"{folder.name}~{task.name}")
            for task in stage
        ]
        try:
            for future in as_completed(futures, loop=client.loop):
                future.result()
                done += 1
                progress(done, total)
        finally:
            client.cancel(futures)
    return fresh


@contextmanager
def cluster_of(workers: Workers) -> Iterator["Client"]:
    """Yield a client of new local workers, stopped at the end, or of a running scheduler.

    Raises
    ------
    SchedulerUnreachableError
        No scheduler answers at the address.
    """
    import dask.config
    from distributed import Client, LocalCluster

    if workers.scheduler is not None:
        try:
            client = Client(workers.scheduler, timeout=workers.timeout_s, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            msg = f"no scheduler answers at {workers.scheduler}: is it running there?"
            raise SchedulerUnreachableError(msg) from error
        with client:
            yield client
        return
    with (
        dask.config.set(_SPARE_WORKERS),
        # Listen on the loopback address only, without a dashboard; Dask's HTTP server still opens
        # a port there, any free one. No memory limit: Dask counts memory-mapped arrays for each
        # worker, although all workers share them.
        LocalCluster(
            n_workers=workers.count,
            threads_per_worker=1,
            host="127.0.0.1",
            # TLS with temporary keys: other users of this machine could otherwise connect to the
            # scheduler and run code under our account.
            protocol="tls",
            security=True,
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            memory_limit=0,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client
