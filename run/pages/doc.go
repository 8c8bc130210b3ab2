// Package pages asks the operating system for large pages. A process that goes through
// more than a gigabyte in no order spends a part of its time on where pages of 4 KB are.
package pages
