// Puts of 128 bytes to ten thousand keys of an etcd cluster, by its own client.
package main

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

func main() {
	endpoints := strings.Split(os.Args[1], ",")
	clients, _ := strconv.Atoi(os.Args[2])
	seconds, _ := strconv.Atoi(os.Args[3])
	client, err := clientv3.New(clientv3.Config{Endpoints: endpoints, DialTimeout: 5 * time.Second})
	if err != nil {
		panic(err)
	}
	defer client.Close()
	value := strings.Repeat("x", 128)
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	var group sync.WaitGroup
	times := make([][]time.Duration, clients)
	start := time.Now()
	for worker := range clients {
		group.Add(1)
		go func() {
			defer group.Done()
			random := rand.New(rand.NewSource(int64(worker)))
			for time.Now().Before(end) {
				key := fmt.Sprintf("bench/%d", 1+random.Intn(10000))
				from := time.Now()
				if _, err := client.Put(context.Background(), key, value); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				times[worker] = append(times[worker], time.Since(from))
			}
		}()
	}
	group.Wait()
	elapsed := time.Since(start).Seconds()
	var all []time.Duration
	for _, some := range times {
		all = append(all, some...)
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	micros := func(share float64) int64 { return all[int(share*float64(len(all)-1))].Microseconds() }
	fmt.Printf("RESULT %f %d %d %d\n", float64(len(all))/elapsed, len(all), micros(0.5), micros(0.99))
}
