import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'

const READ_COILS = 1
const WRITE_COIL = 5
/** Of both functions: header, unit, function, coil, and a value or a count. */
const REQUEST = 12

/** A relay board with one coil, as far as a light needs it: it answers Modbus TCP to whoever connects. */
export class Board {
  on = false
  /** Its relay does not move: it says yes, and tells how it stands. */
  stuck = false
  private readonly open = new Set<Socket>()
  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => this.serve(socket))
  }

  static async start(): Promise<Board> {
    const server = createServer()
    const board = new Board(server)
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    return board
  }
  get port(): number {
    return (this.server.address() as AddressInfo).port
  }
  stop(): void {
    this.server.close()
    for (const socket of this.open) socket.destroy()
  }

  private serve(socket: Socket): void {
    let rest: Buffer = Buffer.alloc(0)
    this.open.add(socket)
    socket.on('close', () => this.open.delete(socket))
    // Whoever has asked may hang up at any time.
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes) => {
      rest = Buffer.concat([rest, bytes])
      while (rest.length >= REQUEST) {
        socket.write(this.answer(rest.subarray(0, REQUEST)))
        rest = rest.subarray(REQUEST)
      }
    })
  }

  private answer(asked: Buffer): Buffer {
    const called = asked.readUInt8(7)
    if (called === WRITE_COIL) {
      if (!this.stuck) this.on = asked.readUInt16BE(10) === 0xff00
      return asked
    }
    // What it does not know, it refuses (code 1).
    const body = called === READ_COILS ? [called, 1, Number(this.on)] : [called | 0x80, 1]
    const answer = Buffer.concat([asked.subarray(0, 7), Buffer.from(body)])
    answer.writeUInt16BE(body.length + 1, 4)
    return answer
  }
}
