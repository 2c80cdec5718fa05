from tests.app.test_space_page import *
import time
async def test_time(pages):
    for path in ('/spaces/T-FULL?f=html','/spaces/T-FULL?f=json','/match'):
        t=[]
        for _ in range(30):
            a=time.perf_counter(); await pages.get(path); t.append(time.perf_counter()-a)
        t.sort(); print(path, 'p50 %.0f ms p95 %.0f ms'%(t[15]*1e3,t[28]*1e3))
    body=(await pages.get('/spaces/T-FULL?f=html')).content
    print(len(body),len(gzip.compress(body,3)))
    body=(await pages.get('/match')).content
    print(len(body),len(gzip.compress(body,3)))
