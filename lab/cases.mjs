// What the synthetic player is compared with the real one on. Faults begin `at`
// seconds after the players joined and end after `for` seconds.
const mini = { ladder: 'mini', segment: '2s', edge: { preset: 'aws-solution' } };
const one = [{ size: '640x360', rate: '400kbps' }];
const three = [{ size: '416x234', rate: '600kbps' }, { size: '256x144', rate: '300kbps' }, { size: '640x360', rate: '1200kbps' }];
const five = [
  { size: '512x288', rate: '300kbps' }, { size: '256x144', rate: '100kbps' }, { size: '416x234', rate: '200kbps' },
  { size: '640x360', rate: '450kbps' }, { size: '768x432', rate: '900kbps' },
];
const kill = { fault: 'pipeline.kill', pipeline: 0 };

export const cases = [
  { name: 'none', rig: mini, seconds: 30 },
  { name: 'none-demuxed', rig: { ...mini, audio: 'demuxed' }, seconds: 30 },
  { name: 'none-fmp4-demuxed-4s', rig: { ...mini, segment: '4s', container: 'fmp4', audio: 'demuxed' }, seconds: 40 },
  { name: 'none-five', rig: { ...mini, ladder: five }, seconds: 30 },
  { name: 'kill', rig: mini, seconds: 40, faults: [{ at: 12.7, ...kill }] },
  { name: 'kill-4s', rig: { ...mini, segment: '4s' }, seconds: 55, faults: [{ at: 14.7, ...kill }] },
  { name: 'kill-one', rig: { ...mini, ladder: one }, seconds: 40, faults: [{ at: 12.7, ...kill }] },
  { name: 'kill-five', rig: { ...mini, ladder: five }, seconds: 40, faults: [{ at: 12.7, ...kill }] },
  { name: 'kill-demuxed', rig: { ...mini, audio: 'demuxed' }, seconds: 40, faults: [{ at: 12.7, ...kill }] },
  { name: 'kill-fmp4-demuxed-4s', rig: { ...mini, segment: '4s', container: 'fmp4', audio: 'demuxed' }, seconds: 55, faults: [{ at: 14.7, ...kill }] },
  { name: 'kill-late', rig: mini, seconds: 45, faults: [{ at: 26.7, ...kill }] },
  { name: 'kill-late-hd', rig: { ladder: 'hd-720p', edge: { preset: 'aws-solution' } }, seconds: 58, faults: [{ at: 34.7, ...kill }] },
  { name: 'delete', rig: mini, seconds: 30, faults: [{ at: 12.7, fault: 'playlist.delete', pipeline: 0 }] },
  { name: 'delete-top', rig: { ...mini, ladder: five }, seconds: 30, faults: [{ at: 12.7, fault: 'playlist.delete', pipeline: 0, rendition: 'highest' }] },
  { name: 'freeze', rig: mini, seconds: 45, faults: [{ at: 12.7, for: 16, fault: 'playlist.freeze', pipeline: 0 }] },
  { name: 'freeze-long', rig: mini, seconds: 60, faults: [{ at: 10.7, for: 32, fault: 'playlist.freeze', pipeline: 0 }] },
  { name: 'freeze-4s', rig: { ...mini, segment: '4s' }, seconds: 60, faults: [{ at: 12.7, for: 24, fault: 'playlist.freeze', pipeline: 0 }] },
  { name: 'freeze-demuxed', rig: { ...mini, audio: 'demuxed' }, seconds: 45, faults: [{ at: 12.7, for: 16, fault: 'playlist.freeze', pipeline: 0 }] },
  { name: 'segment-missing', rig: mini, seconds: 30, faults: [{ at: 12.7, fault: 'segment.missing', pipeline: 0 }] },
  { name: 'segment-missing-five', rig: { ...mini, ladder: five }, seconds: 30, faults: [{ at: 12.7, fault: 'segment.missing', pipeline: 0 }] },
  { name: 'segment-missing-demuxed', rig: { ...mini, audio: 'demuxed' }, seconds: 30, faults: [{ at: 12.7, fault: 'segment.missing', pipeline: 0 }] },
  { name: '503-all', rig: mini, seconds: 45, faults: [{ at: 12.7, for: 10, fault: 'edge.status', code: 503, pipeline: 0 }] },
  { name: '503-all-one', rig: { ...mini, ladder: one }, seconds: 45, faults: [{ at: 12.7, for: 10, fault: 'edge.status', code: 503, pipeline: 0 }] },
  { name: '503-media', rig: mini, seconds: 45, faults: [{ at: 12.7, for: 10, fault: 'edge.status', code: 503, pipeline: 0, kind: 'media' }] },
  { name: '503-segment', rig: mini, seconds: 45, faults: [{ at: 12.7, for: 10, fault: 'edge.status', code: 503, pipeline: 0, kind: 'segment' }] },
  { name: '503-media-demuxed', rig: { ...mini, audio: 'demuxed' }, seconds: 45, faults: [{ at: 12.7, for: 10, fault: 'edge.status', code: 503, pipeline: 0, kind: 'media' }] },
  { name: 'hang-segment', rig: mini, seconds: 60, faults: [{ at: 12.7, fault: 'edge.hang', pipeline: 0, kind: 'segment' }] },
  { name: 'hang-segment-wide', rig: { ...mini, window: 30, keep: 40 }, seconds: 60, faults: [{ at: 12.7, fault: 'edge.hang', pipeline: 0, kind: 'segment' }] },
  { name: 'hang-segment-one', rig: { ...mini, ladder: one, window: 30, keep: 40 }, seconds: 75, faults: [{ at: 12.7, fault: 'edge.hang', pipeline: 0, kind: 'segment' }] },
  { name: 'hang-media', rig: mini, seconds: 60, faults: [{ at: 12.7, fault: 'edge.hang', pipeline: 0, kind: 'media' }] },
  { name: 'both-delete', rig: mini, seconds: 25, faults: [{ at: 12.7, fault: 'playlist.delete' }] },
  { name: 'both-delete-one', rig: { ...mini, ladder: one }, seconds: 25, faults: [{ at: 12.7, fault: 'playlist.delete' }] },
  { name: 'both-delete-demuxed', rig: { ...mini, audio: 'demuxed' }, seconds: 25, faults: [{ at: 12.7, fault: 'playlist.delete' }] },
  { name: 'both-503', rig: mini, seconds: 45, faults: [{ at: 12.7, fault: 'edge.status', code: 503 }] },
  { name: 'single-kill', rig: { ...mini, pipelines: 1 }, seconds: 40, faults: [{ at: 12.7, ...kill }] },
  { name: 'slow-segment', rig: { ...mini, ladder: five }, seconds: 45, faults: [{ at: 12.7, for: 15, fault: 'edge.slow', by: '3s', pipeline: 0, kind: 'segment' }] },
  { name: 'bandwidth', rig: { ...mini, ladder: three }, seconds: 30, network: { kbps: 1000, rtt: 60 } },
  { name: 'bandwidth-4s', rig: { ...mini, ladder: five, segment: '4s', container: 'fmp4', audio: 'demuxed' }, seconds: 40, network: { kbps: 1200, rtt: 60 } },
  { name: 'bandwidth-drop', rig: { ...mini, ladder: five }, seconds: 55, network: { kbps: 3000, rtt: 40, drop: { at: 12.7, for: 20, kbps: 250 } } },
  { name: 'kill-mobile', rig: { ...mini, ladder: three }, seconds: 45, network: { kbps: 2500, rtt: 80 }, faults: [{ at: 20.7, ...kill }] },
  { name: 'endlist', rig: mini, seconds: 30, faults: [{ at: 12.7, fault: 'playlist.endlist', pipeline: 0 }] },
  { name: 'rollback', rig: mini, seconds: 40, faults: [{ at: 12.7, for: 12, fault: 'playlist.rollback', by: 3, pipeline: 0 }] },
  { name: 'input-loss', rig: mini, seconds: 40, faults: [{ at: 12.7, for: 10, fault: 'input.loss', pipeline: 0 }] },
];
