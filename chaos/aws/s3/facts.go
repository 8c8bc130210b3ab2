package s3

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"hlsload/chaos/aws"
	"hlsload/chaos/aws/policy"
)

// Facts says what the bucket keeps and what the channel has written there.
func (d *Driver) Facts(ctx context.Context) ([]string, error) {
	s := d.everything()
	versions, err := d.API.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &s.Bucket, ExpectedBucketOwner: &s.Owner})
	status := ""
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil: // a run needs to know only for some faults, and the plan's policy allows no more
		status = "not known (" + cmp.Or(aws.Code(err), err.Error()) + ")"
	case versions.Status != "":
		status = string(versions.Status)
	default:
		status = "off: segments and multivariant playlists cannot be deleted, playlists not rolled back"
	}
	out := []string{fmt.Sprintf("bucket %s: versions %s", s.Bucket, status)}
	text, err := d.newDeny(s).policy(ctx)
	if err != nil {
		return out, err
	}
	if doc, err := policy.Parse(text); err != nil {
		out = append(out, fmt.Sprintf("bucket %s: %v", s.Bucket, err))
	} else {
		out = append(out, fmt.Sprintf("bucket %s: a policy of %d statements, %d of %d bytes", s.Bucket, len(doc.Statements), len(text), maxPolicy))
	}
	role, err := d.Writer(ctx)
	if err != nil {
		return out, err
	}
	if role == "" {
		role = "not known: write faults would deny every role"
	}
	out = append(out, fmt.Sprintf("bucket %s: written by %s", s.Bucket, role))
	all, err := d.playlists(ctx, &s)
	if aws.Code(err) == "AccessDenied" { // the plan's policy may not allow the pipelines that no fault is about
		return append(out, fmt.Sprintf("bucket %s: playlists in %s not known (AccessDenied)", s.Bucket, strings.Join(s.Patterns, ", "))), nil
	}
	if err != nil {
		return out, err
	}
	for i := range all {
		o := &all[i]
		what := "multivariant"
		if o.media != nil {
			what = fmt.Sprintf("media, target duration %v, %d segments", o.media.TargetDuration, len(o.media.Segments))
		}
		out = append(out, fmt.Sprintf("%s: %s, Cache-Control %q, written %v ago", o.key, what, o.control, d.Now().Sub(o.modified).Round(time.Second)))
	}
	return out, nil
}

// everything is the scope of all the channel's objects.
func (d *Driver) everything() scope {
	s := scope{Bucket: d.Config.Bucket, Owner: d.Config.Account, Patterns: d.Config.Pipelines}
	if len(s.Patterns) == 0 {
		s.Patterns = []string{d.Config.Prefix + "*"}
	}
	return s
}

// Watch says when media playlists are written, stop, go, end or come back.
func (d *Driver) Watch(ctx context.Context) (func(context.Context) ([]string, error), error) {
	s := d.everything()
	all, err := d.playlists(ctx, &s)
	if err != nil {
		return nil, err
	}
	type state struct {
		etag    string
		changed time.Time
		said    string
	}
	states := map[string]*state{}
	for i := range all {
		if all[i].media != nil {
			states[all[i].key] = &state{all[i].etag, d.Now(), "is written"}
		}
	}
	return func(ctx context.Context) (seen []string, err error) {
		for i := range all {
			st := states[all[i].key]
			if st == nil {
				continue
			}
			o := object{key: all[i].key}
			err := d.read(ctx, &s, &o)
			if err != nil && !missing(err) {
				return seen, err
			}
			if o.etag != st.etag {
				st.etag, st.changed = o.etag, d.Now()
			}
			say := "is written"
			switch {
			case o.media == nil:
				say = "is gone"
			case o.media.EndList:
				say = "has EXT-X-ENDLIST"
			case d.Now().Sub(st.changed) > o.media.TargetDuration*3/2:
				say = "is not written any more"
			}
			if say != st.said {
				st.said = say
				more := ""
				if o.media != nil {
					more = fmt.Sprintf(" (media sequence %d, %d segments, last modified %s)", o.media.MediaSequence, len(o.media.Segments), sdk.ToTime(&o.modified).UTC().Format(time.TimeOnly))
				}
				seen = append(seen, o.key+" "+say+more)
			}
		}
		return seen, nil
	}, nil
}
