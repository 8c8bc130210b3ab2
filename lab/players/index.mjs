// The real players, each beside the profile that claims to be it.
import { createRequire } from 'node:module';
import ffmpeg from './ffmpeg.mjs';
import hlsjs15 from './hlsjs-1.5.mjs';
import hlsjs from './hlsjs.mjs';
import shaka from './shaka.mjs';
import vhsOther from './vhs-other.mjs';
import vhs from './vhs.mjs';

export const players = [hlsjs, hlsjs15, shaka, vhs, vhsOther, ffmpeg];

// version of a player as installed, '' if it is not.
export function version(player) {
  if (player.version) return player.version();
  try {
    return createRequire(import.meta.url)(player.npm + '/package.json').version;
  } catch {
    return '';
  }
}
