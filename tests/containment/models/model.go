// A model in Go: reads the view with goroutines, uses scratch, prints one number.
package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"strconv"
	"sync"
	"time"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	file, err := os.Open("/data/numbers.txt")
	check(err)
	var numbers []float64
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		number, err := strconv.ParseFloat(scanner.Text(), 64)
		check(err)
		numbers = append(numbers, number)
	}
	sums := make([]float64, 4)
	var group sync.WaitGroup
	for part := range sums {
		group.Add(1)
		go func(part int) {
			defer group.Done()
			for i := part; i < len(numbers); i += 4 {
				sums[part] += numbers[i]
			}
			time.Sleep(time.Millisecond)
		}(part)
	}
	group.Wait()
	total := sums[0] + sums[1] + sums[2] + sums[3]
	check(os.WriteFile("/tmp/scratch", []byte(strconv.FormatFloat(total, 'g', -1, 64)), 0600))
	text, err := os.ReadFile("/tmp/scratch")
	check(err)
	total, err = strconv.ParseFloat(string(text), 64)
	check(err)
	// A pipe takes the runtime to its poller.
	reader, writer, err := os.Pipe()
	check(err)
	go func() { writer.Write([]byte("x")); writer.Close() }()
	_, err = reader.Read(make([]byte, 1))
	check(err)
	entries, err := os.ReadDir("/data")
	check(err)
	fmt.Fprintln(os.Stderr, "files", len(entries))
	fmt.Println(int64(math.Round(total)))
}
