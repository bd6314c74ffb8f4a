// What to play next, from Node, with the package zeromq: node next.mjs "some title"
import { readFileSync } from "node:fs"
import { homedir } from "node:os"
import { Request } from "zeromq"

const home = process.env.SEGUE_HOME || `${homedir()}/.local/state/segue`
const connection = JSON.parse(readFileSync(`${home}/run/connection.json`, "utf8"))
const socket = new Request({ linger: 0, receiveTimeout: 10_000 })
socket.connect(connection.endpoints.query)
await socket.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "recommend.next", params: { track: process.argv[2] } }))
const [frame] = await socket.receive()
const { result, error } = JSON.parse(frame.toString())
if (error) console.error(error.message)
for (const { score, title, why } of result?.suggestions ?? []) console.log(`${score.toFixed(2)}  ${title}: ${why}`)
process.exit(error ? 1 : 0)
