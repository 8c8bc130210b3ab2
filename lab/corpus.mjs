// Reads playlists with the parsers of real players: hls.js of both versions and
// m3u8-parser of video.js. Names of files come by standard input, one a line; an
// answer in JSON goes out for each. hls.js does not export its parser, so a copy
// of the module that does is made beside the packages.
import fs from 'node:fs'
import path from 'node:path'
import readline from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createRequire } from 'node:module'

const here = path.dirname(fileURLToPath(import.meta.url))
const require = createRequire(import.meta.url)
globalThis.self = globalThis

const base = 'http://cdn.example.com/live/index.m3u8?token=abc'
const imports = { imported: 'yes' }

async function parserOf(name) {
  const copy = path.join(here, 'node_modules', `.corpus-${name}.mjs`)
  const source = fs.readFileSync(path.join(here, 'node_modules', name, 'dist', 'hls.mjs'), 'utf8')
  fs.writeFileSync(copy, source + '\nexport { M3U8Parser as TheParser }\n')
  return (await import(pathToFileURL(copy).href)).TheParser
}

// decode is what a browser makes of a body that says nothing of its encoding.
function decode(bytes) {
  const mark = bytes.subarray(0, 2).toString('hex')
  const label = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8'
  return new TextDecoder(label).decode(bytes)
}

// hls is what PlaylistLoader makes of the text of a first playlist.
function hls(parser, old, text) {
  if (old && text.indexOf('#EXTM3U') !== 0) return { kind: '', refused: 'no EXTM3U delimiter', urls: [] }
  if (!parser.isMediaPlaylist(text)) {
    const m = parser.parseMasterPlaylist(text, base)
    if (m.playlistParsingError) return { kind: 'multivariant', refused: m.playlistParsingError.message, urls: [] }
    parser.parseMasterPlaylistMedia(text, base, m)
    return { kind: 'multivariant', refused: '', urls: m.levels.map((l) => l.url) }
  }
  const d = parser.parseLevelPlaylist(text, base, 0, 'main', 0, imports)
  let why = d.playlistParsingError?.message ?? ''
  if (!why && !d.targetduration) why = 'Missing Target Duration'
  if (!why && !d.fragments.length) why = 'No Segments found in Playlist'
  return { kind: 'media', refused: why, urls: d.fragments.map((f) => (f ? f.url : '')) }
}

function videojs(Parser, text) {
  const p = new Parser({ uri: base, mainDefinitions: imports })
  p.push(text)
  p.end()
  const m = p.manifest
  const list = m.playlists ?? m.segments ?? []
  return { kind: m.playlists ? 'multivariant' : 'media', refused: list.length ? '' : 'nothing is listed', urls: list.map((i) => i.uri ?? '') }
}

// asked is what a browser asks for.
function asked(url) {
  try {
    return new URL(url).href
  } catch {
    return url
  }
}

function judged(judge) {
  try {
    const found = judge()
    return { ...found, urls: found.urls.map(asked) }
  } catch (e) {
    return { kind: '', refused: `throws: ${e.message}`, urls: [] }
  }
}

const [now, before] = [await parserOf('hls.js'), await parserOf('hls.js-1.5')]
const { Parser } = require('m3u8-parser')
for await (const file of readline.createInterface({ input: process.stdin })) {
  const text = decode(fs.readFileSync(file))
  console.log(JSON.stringify({
    file,
    'hlsjs-1.7': judged(() => hls(now, false, text)),
    'hlsjs-1.5': judged(() => hls(before, true, text)),
    'vhs-3.17': judged(() => videojs(Parser, text)),
  }))
}
