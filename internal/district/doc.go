// Package district reads and writes district folders: a folder of CSV or JSONL
// files that holds a vocabulary, partners, opportunities, students, and what a
// placement starts from.
//
// Reading is streaming and collects the findings of all files. A finding says
// file, line, column and the rule; it never contains a value out of a file
// about students.
package district
