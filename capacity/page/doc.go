// Package page writes the answer of hlsload/capacity for people: [WriteText] for a
// terminal, [WriteMarkdown] for pull requests and wikis, and [WriteHTML], one file with
// charts and bars that works offline. [Write] writes all files of an answer.
//
// All three are made from the same sections: a title, a table and sentences. What is
// drawn in HTML stands in the tables as well.
package page
