"""Runs the tasks of a batch: one after the other here, or on the workers of a Dask cluster.

Tasks leave files in the batch's folder, so the folder has to be the same for every worker: on one
machine it is; the workers of a scheduler elsewhere need it, and the road networks, at the same
paths. What is finished is not done again. A worker that dies is replaced, and its task is done by
another.
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

#: Called with the number of finished tasks, and of all.
type Progress = Callable[[int, int], None]

#: Stages of tasks; a stage begins when the one before is finished.
type Stages = Sequence[Sequence[AccessTask]]

#: What takes a share of a worker's time and is of no use to a batch. Nobody looks at profiles, at
#: the state of the machine twice a second, or every 20 ms at how late an event loop is. And with
#: the threshold that Dask sets for giving memory back, glibc asks the kernel anew for each array of
#: 128 KiB or more: a fault per page, again and again, 2.5 s of the 13 s that a batch takes
#: (``./run bench access``). So its variables are replaced by those without it.
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
    """Who does the tasks: ``count`` processes of this machine, or those of a Dask scheduler.

    ``scheduler`` is its address, such as ``tcp://10.0.0.5:8786``. Whoever reaches a scheduler can
    run code on its workers: a plain one belongs into a closed network, others speak ``tls://``.
    It is waited for as long as ``timeout_s`` says, seconds.
    """

    count: int = 1
    scheduler: str | None = None
    timeout_s: float = 10.0


class SchedulerUnreachableError(Exception):
    """No scheduler answers at the address."""


def run_here(folder: Path, stages: Stages, progress: Progress = lambda _done, _all: None) -> int:
    """Do the tasks in this process, and return how many were not done before."""
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
    """Do the tasks on the workers of a cluster, and return how many were not done before.

    Whatever ends it, Ctrl-C included, no task stays in the queue.

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
    """Start the workers of this machine, or reach a scheduler; closed or left at the end.

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
        # On the loopback alone, and without a dashboard: its server takes any port there. Mapped
        # arrays count as memory of each worker although all share them, so no limit may stop one.
        LocalCluster(
            n_workers=workers.count,
            threads_per_worker=1,
            host="127.0.0.1",
            # With keys made for this once: else whoever has an account here could run code as us.
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
