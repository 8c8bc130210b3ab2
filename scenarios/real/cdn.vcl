# The CDN: varnish with CloudFront's manners. Requests for an object that is
# being fetched wait for it; playlists live for 1 s, segments for a day, errors
# for 1 s (what the AWS live solutions set; CloudFront's own default is 10 s);
# an expired object is served for as long as the origin answers 5xx or not at
# all, never in place of a 404. live fills in @port@.
vcl 4.1;

backend origin {
	.host = "127.0.0.1";
	.port = "@port@";
	.first_byte_timeout = 10s;
	.between_bytes_timeout = 10s;
}

sub vcl_recv {
	if (req.method != "GET" && req.method != "HEAD" && req.method != "OPTIONS") {
		return (synth(405));
	}
	if (req.method == "OPTIONS") {
		return (synth(204));
	}
	if (req.restarts == 0) {
		set req.grace = 0s;
	}
	unset req.http.Cookie;
	return (hash);
}

sub vcl_backend_response {
	if (beresp.status >= 500) {
		return (abandon);
	}
	set beresp.grace = 1h;
	if (beresp.status >= 400) {
		set beresp.ttl = 1s;
		set beresp.grace = 0s;
	} elseif (bereq.url ~ "\.m3u8(\?|$)") {
		set beresp.ttl = 1s;
		set beresp.do_gzip = true;
	} else {
		set beresp.ttl = 24h;
	}
	return (deliver);
}

sub vcl_backend_error {
	return (abandon);
}

sub vcl_deliver {
	if (obj.hits > 0) {
		set resp.http.X-Cache = "Hit from varnish";
	} else {
		set resp.http.X-Cache = "Miss from varnish";
	}
	call open_to_browsers;
}

sub vcl_synth {
	if (resp.status == 503 && req.restarts == 0) {
		set req.grace = 1h;
		return (restart);
	}
	set resp.http.X-Cache = "Error from varnish";
	call open_to_browsers;
	return (deliver);
}

sub open_to_browsers {
	set resp.http.Access-Control-Allow-Origin = "*";
	set resp.http.Access-Control-Expose-Headers = "*";
	set resp.http.Access-Control-Allow-Headers = "*";
	set resp.http.Timing-Allow-Origin = "*";
}
