"""Runs kosoku's cases against a server, printing a line after each.

usage: kosoku_client.py ADDRESS OUTDIR JOBS CASE...

kosoku's own command says nothing before the end of a run. Which verdicts are good is not decided
here: the reports are written, and whoever started this reads them.
"""

import asyncio
import sys

import kosoku_cases  # noqa: F401

from kosoku import FailureError, run_fuzzingclient

# Not public in kosoku, whose version is therefore pinned.
from kosoku._report import write_reports


async def main(address, outdir, jobs, cases):
    slots = asyncio.Semaphore(jobs)

    async def run(case):
        async with slots:
            try:
                results = await run_fuzzingclient(address, [case])
            except FailureError as failure:
                results = failure.results
        print("case", case, flush=True)
        return results

    runs = await asyncio.gather(*(run(case) for case in cases))
    write_reports([result for results in runs for result in results], outdir)


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]))
