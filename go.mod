module hlsload

go 1.26

