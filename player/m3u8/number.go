package m3u8

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// unsigned reads a decimal-integer (rfc8216bis 4.2).
func unsigned(s string) (uint64, bool) {
	if s == "" || len(s) > 20 {
		return 0, false
	}
	var n uint64
	for i := 0; i < len(s); i++ {
		d := uint64(s[i] - '0')
		if d > 9 || n > (math.MaxUint64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}

// integer reads a decimal-integer that fits an int64.
func integer(s string) (int64, bool) {
	n, ok := unsigned(s)
	return int64(n), ok && n <= math.MaxInt64
}

// seconds reads a non-negative decimal-floating-point number of seconds,
// rounded to nanoseconds. There is no exponent, no sign, no NaN.
func seconds(s string) (time.Duration, bool) {
	const most = uint64(math.MaxInt64/time.Second) - 1
	var whole, frac uint64
	i := 0
	for ; i < len(s) && s[i] != '.'; i++ {
		d := uint64(s[i] - '0')
		if d > 9 {
			return 0, false
		}
		if whole = whole*10 + d; whole > most {
			return 0, false
		}
	}
	digits := i
	if i < len(s) {
		unit := uint64(time.Second)
		for i++; i < len(s); i++ {
			d := uint64(s[i] - '0')
			if d > 9 {
				return 0, false
			}
			digits++
			if unit > 1 {
				unit /= 10
				frac += d * unit
			} else if unit == 1 {
				unit = 0
				if d >= 5 {
					frac++
				}
			}
		}
	}
	if digits == 0 {
		return 0, false
	}
	return time.Duration(whole)*time.Second + time.Duration(frac), true
}

// float reads a non-negative decimal-floating-point number.
func float(s string) (float64, bool) {
	for i := 0; i < len(s); i++ {
		if s[i]-'0' > 9 && s[i] != '.' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// leadingInteger reads the integer that s begins with, as parseInt does but for
// signs, and returns what follows it.
func leadingInteger(s string) (n int64, rest string, ok bool) {
	s = strings.TrimPrefix(trim(s), "+")
	i := 0
	for i < len(s) && s[i]-'0' <= 9 {
		i++
	}
	n, ok = integer(s[:i])
	return n, s[i:], ok
}

// leadingNumber is the length of the decimal number that s begins with.
func leadingNumber(s string) int {
	i, point := 0, false
	for i < len(s) && (s[i]-'0' <= 9 || s[i] == '.' && !point) {
		point = point || s[i] == '.'
		i++
	}
	return i
}

// decimals reports whether s is a point and digits.
func decimals(s string) bool {
	return s != "" && s[0] == '.' && leadingNumber(s) == len(s)
}

// clock reads ISO 8601 date-times. It keeps the last time zone, because a
// playlist has one, and a time.Location is not free.
type clock struct {
	offset int // seconds
	zone   *time.Location
}

var monthDays = [13]int{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// read takes YYYY-MM-DDThh:mm:ss, a fraction of any length, and a zone: Z,
// ±hh:mm, ±hhmm (which ffmpeg writes), ±hh, or none for UTC (rfc8216bis
// 4.4.4.6).
func (c *clock) read(s string) (time.Time, bool) {
	if len(s) < 19 || s[4] != '-' || s[7] != '-' || s[10] != 'T' && s[10] != 't' && s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	century, a := two(s)
	year, b := two(s[2:])
	month, d := two(s[5:])
	day, e := two(s[8:])
	hour, f := two(s[11:])
	minute, g := two(s[14:])
	second, h := two(s[17:])
	if !(a && b && d && e && f && g && h) || month < 1 || month > 12 || day < 1 || day > monthDays[month] || hour > 23 || minute > 59 || second > 60 {
		return time.Time{}, false
	}
	year += century * 100
	if month == 2 && day == 29 && (year%4 != 0 || year%100 == 0 && year%400 != 0) {
		return time.Time{}, false
	}
	s = s[19:]
	nanos := 0
	if s != "" && (s[0] == '.' || s[0] == ',') {
		unit, i := int(time.Second), 1
		for ; i < len(s) && s[i]-'0' <= 9; i++ {
			unit /= 10
			nanos += int(s[i]-'0') * unit
		}
		if i == 1 {
			return time.Time{}, false
		}
		s = s[i:]
	}
	offset, ok := zoneOffset(s)
	if !ok {
		return time.Time{}, false
	}
	zone := time.UTC
	if offset != 0 {
		if c.zone == nil || c.offset != offset {
			c.zone, c.offset = time.FixedZone("", offset), offset
		}
		zone = c.zone
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanos, zone), true
}

// readOdd takes what browsers take beside that: no seconds, no time at all,
// 24:00:00, and slashes.
func (c *clock) readOdd(s string) (time.Time, bool) {
	if len(s) < 10 {
		return time.Time{}, false
	}
	date, rest := strings.ReplaceAll(s[:10], "/", "-"), s[10:]
	if rest == "" {
		return c.read(date + "T00:00:00Z")
	}
	if t := rest[1:]; strings.HasPrefix(t, "24:00") {
		day, ok := c.read(date + "T00:00:00" + strings.TrimPrefix(strings.TrimPrefix(t[5:], ":00"), ".000"))
		return day.AddDate(0, 0, 1), ok
	}
	if t, ok := c.read(date + rest); ok {
		return t, true
	}
	if len(rest) < 6 {
		return time.Time{}, false
	}
	return c.read(date + rest[:6] + ":00" + rest[6:])
}

func zoneOffset(s string) (int, bool) {
	if s == "" || s == "Z" || s == "z" {
		return 0, true
	}
	if len(s) == 6 && s[3] == ':' {
		s = s[:3] + s[4:]
	}
	if s[0] != '+' && s[0] != '-' || len(s) != 3 && len(s) != 5 {
		return 0, false
	}
	hours, ok := two(s[1:])
	minutes := 0
	if ok && len(s) == 5 {
		minutes, ok = two(s[3:])
	}
	if !ok || hours > 23 || minutes > 59 {
		return 0, false
	}
	offset := hours*3600 + minutes*60
	if s[0] == '-' {
		offset = -offset
	}
	return offset, true
}

// two reads the first two bytes of s, which has that many, as digits.
func two(s string) (int, bool) {
	a, b := s[0]-'0', s[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}
