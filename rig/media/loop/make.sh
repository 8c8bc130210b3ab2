#!/bin/sh
# Makes the content of the embedded channel: one H.264 loop per size and one
# AAC loop that all sizes share, as plain elementary streams.
#
#   WIDTHxHEIGHT.h264   Annex B, 24 fps, 8 s, an IDR picture every 12 frames
#                       (0.5 s), no B-frames, parameter sets at every IDR
#   audio.aac           ADTS, AAC-LC 48 kHz stereo, 375 frames of 1024 samples
#                       = 8 s exactly
#
# The picture shows its size, the position in the loop in half seconds (it
# changes at IDR pictures only, which keeps the P-frames tiny) and a bar that
# sweeps once per half second. The tone beeps at every full second.
#
# Run it in this directory with ffmpeg 5.1 or newer. Another x264 gives other
# bytes: run the tests of rig/media afterwards, they pin the sums and say what
# the new ones are.
set -eu

font=${FONT:-/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf}
ff="ffmpeg -hide_banner -loglevel error -nostdin -y"

# Quality falls with size so that the real content stays below the lowest rate
# anybody asks of that size; the rest is padding.
video() { # width height crf
	w=$1 h=$2 crf=$3
	bar=$((h / 18 * 2)) step=$((w / 12 / 2 * 2))
	$ff -f lavfi -i "color=c=0x18242e:s=${w}x${h}:r=24:d=8" \
		-f lavfi -i "color=c=0xe8b23a:s=${step}x${bar}:r=24:d=8" \
		-filter_complex "
[0]drawbox=x=0:y=0:w=iw/6:h=ih/9:c=0xb0b0b0:t=fill,
drawbox=x=iw/6:y=0:w=iw/6:h=ih/9:c=0xb0b000:t=fill,
drawbox=x=iw/3:y=0:w=iw/6:h=ih/9:c=0x00b0b0:t=fill,
drawbox=x=iw/2:y=0:w=iw/6:h=ih/9:c=0x00b000:t=fill,
drawbox=x=2*iw/3:y=0:w=iw/6:h=ih/9:c=0xb000b0:t=fill,
drawbox=x=5*iw/6:y=0:w=iw/6:h=ih/9:c=0xb00000:t=fill,
drawtext=fontfile=${font}:fontcolor=0xf0f0f0:fontsize=$((h / 3)):x=(w-tw)/2:y=h*0.26:text='%{eif\:n/24\:d}.%{eif\:mod(trunc(n/12)\,2)*5\:d}',
drawtext=fontfile=${font}:fontcolor=0x9fb3c0:fontsize=$((h / 9)):x=(w-tw)/2:y=h*0.66:text='${w}x${h}'[back];
[back][1]overlay=x='mod(n\,12)*${step}':y=H-h-$((h / 36 * 2)),format=yuv420p" \
		-frames:v 192 -c:v libx264 -preset veryslow -profile:v main -crf "$crf" \
		-x264-params "threads=1:keyint=12:min-keyint=12:scenecut=0:open-gop=0:bframes=0:ref=1:aud=0:repeat-headers=1:force-cfr=1:colorprim=bt709:transfer=bt709:colormatrix=bt709" \
		-bsf:v filter_units=remove_types=6 -flags +bitexact -f h264 "${w}x${h}.h264"
}

video 256 144 30
video 416 234 28
video 512 288 28
video 640 360 27
video 768 432 27
video 960 540 26
video 1280 720 26
video 1920 1080 26

# Three periods are coded and the middle one is cut out, so that the first and
# the last frame overlap as neighbours do. One frame later than 375, because
# the decoder's output lags its input by one frame (priming): frame 376 carries
# the samples from 8.000 s on.
$ff -f lavfi -i "aevalsrc='0.06*sin(2*PI*220*t)+0.25*sin(2*PI*880*t)*sin(PI*min(mod(t\,1)/0.12\,1))^2|0.06*sin(2*PI*220*t)+0.25*sin(2*PI*880*t)*sin(PI*min(mod(t\,1)/0.12\,1))^2':s=48000:d=25" \
	-c:a aac -b:a 14k -aac_coder fast -aac_pns 0 -aac_is 0 -cutoff 4000 \
	-bsf:a "noise=amount=0:drop='lt(n\,376)+gt(n\,750)'" -flags +bitexact -f adts audio.aac
