"""Relay boards for tests, by somebody else's Modbus: pymodbus serves sixteen coils on unit 1, once by Modbus TCP and once by serial frames
over TCP, on free ports of the loopback address. The address file names both, in that order, with a comma between.

The coils remember what is written to them, and each other address is refused with exception 2.
"""

import argparse
import asyncio
import os
import signal
from pathlib import Path

from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice


def device() -> SimDevice:
    # Coils in a block of their own are addressed one by one; the other blocks only have to be there.
    coils = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
    rest = [SimData(0, values=0, datatype=DataType.REGISTERS)]
    return SimDevice(1, simdata=(coils, [SimData(0, values=[False] * 16, datatype=DataType.BITS)], rest, list(rest)))


async def serve(framer: FramerType) -> str:
    server = ModbusTcpServer(device(), framer=framer, address=("127.0.0.1", 0))
    if not await server.listen():
        raise SystemExit("pymodbus does not listen")
    host, port = server.transport.sockets[0].getsockname()
    return f"{host}:{port}"


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--address-file", type=Path, required=True)
    note = parser.parse_args().address_file.resolve()

    addresses = [await serve(framer) for framer in (FramerType.SOCKET, FramerType.RTU)]
    # Whoever sees the name sees all of the content.
    draft = note.with_suffix(".draft")
    draft.write_text(",".join(addresses))
    os.rename(draft, note)

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
