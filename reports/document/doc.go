// Package document has what pages for people are made of: HTML in which all text is
// escaped ([Markup]), a [Table] for a terminal, Markdown and HTML, and a [Document], one
// file with charts (uPlot, see uPlot.LICENSE) that works offline.
package document
