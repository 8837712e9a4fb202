module consumer.example

go 1.26.0

require gatehouse.example v0.0.0

replace gatehouse.example => ../..
