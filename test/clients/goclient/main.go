// A program on the official Go client of Consul's API, as people write them: it registers, watches,
// locks, elects and counts seats, and compares what it gets with what the client promises. One line
// for each thing that worked; the first that did not ends it with 1.
//
//	goclient ADDRESS
package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/consul/api"
	"github.com/hashicorp/consul/api/watch"
)

const patience = 10 * time.Second

type world struct {
	address string
	client  *api.Client
}

func main() {
	address := os.Args[1]
	client, err := api.NewClient(&api.Config{Address: address})
	check(err)
	w := &world{address: address, client: client}
	steps := []struct {
		name string
		run  func() error
	}{
		{"self", w.self},
		{"keys", w.keys},
		{"blocking query", w.blocking},
		{"transaction", w.transaction},
		{"service with a TTL check", w.service},
		{"watch of a service", w.watchService},
		{"watch plan of a key prefix", w.watchPlan},
		{"catalog", w.catalog},
		{"sessions", w.sessions},
		{"election", w.election},
		{"a lock that is lost", w.lostLock},
		{"semaphore", w.semaphore},
		{"maintenance", w.maintenance},
		{"errors", w.errors},
	}
	for _, step := range steps {
		if err := step.run(); err != nil {
			fmt.Printf("FAILED %s: %v\n", step.name, err)
			os.Exit(1)
		}
		fmt.Printf("ok %s\n", step.name)
	}
}

func check(err error) {
	if err != nil {
		fmt.Printf("FAILED %v\n", err)
		os.Exit(1)
	}
}

func expect(what string, got, wanted any) error {
	if fmt.Sprint(got) != fmt.Sprint(wanted) {
		return fmt.Errorf("%s: %v, expected %v", what, got, wanted)
	}
	return nil
}

func (w *world) self() error {
	self, err := w.client.Agent().Self()
	if err != nil {
		return err
	}
	if self["Config"]["NodeName"] == nil {
		return errors.New("no node name")
	}
	leader, err := w.client.Status().Leader()
	if err != nil {
		return err
	}
	if leader == "" {
		return errors.New("no leader")
	}
	return nil
}

func (w *world) keys() error {
	kv := w.client.KV()
	value := []byte{0, 1, 254, 255}
	if _, err := kv.Put(&api.KVPair{Key: "go/a b/ü", Value: value, Flags: 1<<64 - 1}, nil); err != nil {
		return err
	}
	pair, meta, err := kv.Get("go/a b/ü", nil)
	if err != nil {
		return err
	}
	if err := expect("value", pair.Value, value); err != nil {
		return err
	}
	if err := expect("flags", pair.Flags, uint64(1<<64-1)); err != nil {
		return err
	}
	if meta.LastIndex == 0 || !meta.KnownLeader {
		return fmt.Errorf("meta: %+v", meta)
	}
	stale := *pair
	pair.Value = []byte("new")
	won, _, err := kv.CAS(pair, nil)
	if err != nil {
		return err
	}
	lost, _, err := kv.CAS(&stale, nil)
	if err != nil {
		return err
	}
	if err := expect("CAS", []bool{won, lost}, []bool{true, false}); err != nil {
		return err
	}
	names, _, err := kv.Keys("go/", "/", nil)
	if err != nil {
		return err
	}
	if err := expect("keys", names, []string{"go/a b/"}); err != nil {
		return err
	}
	if _, err := kv.DeleteTree("go/", nil); err != nil {
		return err
	}
	gone, _, err := kv.Get("go/a b/ü", nil)
	if err != nil {
		return err
	}
	return expect("a deleted key", gone == nil, true)
}

func (w *world) blocking() error {
	kv := w.client.KV()
	if _, err := kv.Put(&api.KVPair{Key: "go/watched", Value: []byte("1")}, nil); err != nil {
		return err
	}
	_, meta, err := kv.Get("go/watched", nil)
	if err != nil {
		return err
	}
	seen := make(chan error, 1)
	go func() {
		options := &api.QueryOptions{WaitIndex: meta.LastIndex, WaitTime: patience}
		pair, next, err := kv.Get("go/watched", options)
		if err == nil && (string(pair.Value) != "2" || next.LastIndex <= meta.LastIndex) {
			err = fmt.Errorf("%s at %d after %d", pair.Value, next.LastIndex, meta.LastIndex)
		}
		seen <- err
	}()
	if _, err := kv.Put(&api.KVPair{Key: "go/watched", Value: []byte("2")}, nil); err != nil {
		return err
	}
	return within("the change", seen)
}

func within(what string, result <-chan error) error {
	select {
	case err := <-result:
		return err
	case <-time.After(patience):
		return fmt.Errorf("%s was not seen", what)
	}
}

func (w *world) transaction() error {
	ok, response, _, err := w.client.Txn().Txn(api.TxnOps{
		{KV: &api.KVTxnOp{Verb: api.KVSet, Key: "go/t1", Value: []byte("1")}},
		{KV: &api.KVTxnOp{Verb: api.KVGet, Key: "go/t1"}},
	}, nil)
	if err != nil {
		return err
	}
	if err := expect("transaction", []any{ok, len(response.Results)}, []any{true, 2}); err != nil {
		return err
	}
	ok, response, _, err = w.client.Txn().Txn(api.TxnOps{
		{KV: &api.KVTxnOp{Verb: api.KVSet, Key: "go/t2", Value: []byte("1")}},
		{KV: &api.KVTxnOp{Verb: api.KVCheckIndex, Key: "go/t1", Index: 1}},
	}, nil)
	if err != nil {
		return err
	}
	return expect("a stale index", []any{ok, response.Errors[0].OpIndex}, []any{false, 1})
}

func (w *world) register(id string) error {
	return w.client.Agent().ServiceRegister(&api.AgentServiceRegistration{
		ID:      id,
		Name:    "goweb",
		Tags:    []string{"v1", id},
		Port:    8080,
		Address: "127.0.0.9",
		Meta:    map[string]string{"version": "1"},
		Weights: &api.AgentWeights{Passing: 3, Warning: 1},
		Check:   &api.AgentServiceCheck{CheckID: "ttl-" + id, TTL: "30s"},
	})
}

func (w *world) service() error {
	if err := w.register("goweb-1"); err != nil {
		return err
	}
	passing, _, err := w.client.Health().Service("goweb", "v1", true, nil)
	if err != nil {
		return err
	}
	if err := expect("passing before its first sign", len(passing), 0); err != nil {
		return err
	}
	if err := w.client.Agent().UpdateTTL("ttl-goweb-1", "fine", api.HealthPassing); err != nil {
		return err
	}
	return eventually("the instance", func() error {
		found, _, err := w.client.Health().Service("goweb", "v1", true, nil)
		if err != nil {
			return err
		}
		if len(found) != 1 {
			return fmt.Errorf("%d instances", len(found))
		}
		one := found[0]
		if one.Service.Weights.Passing != 3 || one.Service.Meta["version"] != "1" {
			return fmt.Errorf("%+v", one.Service)
		}
		return expect("status", one.Checks.AggregatedStatus(), api.HealthPassing)
	})
}

// The catalog hears of an agent's services a moment later.
func eventually(what string, look func() error) error {
	deadline := time.Now().Add(patience)
	for {
		err := look()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: %w", what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (w *world) watchService() error {
	counts := make(chan int, 64)
	plan, err := watch.Parse(map[string]any{"type": "service", "service": "goweb", "passingonly": true})
	if err != nil {
		return err
	}
	plan.Handler = func(_ uint64, raw any) {
		if entries, ok := raw.([]*api.ServiceEntry); ok {
			counts <- len(entries)
		}
	}
	go func() { _ = plan.RunWithClientAndHclog(w.client, nil) }()
	defer plan.Stop()
	if err := seenCount(counts, 1); err != nil {
		return err
	}
	if err := w.register("goweb-2"); err != nil {
		return err
	}
	if err := w.client.Agent().UpdateTTL("ttl-goweb-2", "", api.HealthPassing); err != nil {
		return err
	}
	if err := seenCount(counts, 2); err != nil {
		return err
	}
	for _, id := range []string{"goweb-1", "goweb-2"} {
		if err := w.client.Agent().ServiceDeregister(id); err != nil {
			return err
		}
	}
	return seenCount(counts, 0)
}

func seenCount(counts <-chan int, wanted int) error {
	timeout := time.After(patience)
	for {
		select {
		case count := <-counts:
			if count == wanted {
				return nil
			}
		case <-timeout:
			return fmt.Errorf("never saw %d instances", wanted)
		}
	}
}

func (w *world) watchPlan() error {
	counts := make(chan int, 64)
	plan, err := watch.Parse(map[string]any{"type": "keyprefix", "prefix": "go/plan/"})
	if err != nil {
		return err
	}
	plan.Handler = func(_ uint64, raw any) {
		if pairs, ok := raw.(api.KVPairs); ok {
			counts <- len(pairs)
		}
	}
	go func() { _ = plan.RunWithClientAndHclog(w.client, nil) }()
	defer plan.Stop()
	for i := 1; i <= 3; i++ {
		key := fmt.Sprintf("go/plan/%d", i)
		if _, err := w.client.KV().Put(&api.KVPair{Key: key}, nil); err != nil {
			return err
		}
		if err := seenCount(counts, i); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) catalog() error {
	registration := &api.CatalogRegistration{
		Node:    "go-node",
		Address: "10.9.9.9",
		Service: &api.AgentService{ID: "db1", Service: "godb", Port: 5432},
	}
	if _, err := w.client.Catalog().Register(registration, nil); err != nil {
		return err
	}
	found, _, err := w.client.Catalog().Service("godb", "", &api.QueryOptions{Filter: "ServicePort == 5432"})
	if err != nil {
		return err
	}
	if err := expect("godb", []any{len(found), found[0].Address}, []any{1, "10.9.9.9"}); err != nil {
		return err
	}
	gone := &api.CatalogDeregistration{Node: "go-node"}
	if _, err := w.client.Catalog().Deregister(gone, nil); err != nil {
		return err
	}
	services, _, err := w.client.Catalog().Services(nil)
	if err != nil {
		return err
	}
	_, still := services["godb"]
	return expect("deregistered", still, false)
}

func (w *world) sessions() error {
	session := w.client.Session()
	entry := &api.SessionEntry{Name: "go", TTL: "10s", Behavior: api.SessionBehaviorDelete, LockDelay: time.Millisecond}
	id, _, err := session.Create(entry, nil)
	if err != nil {
		return err
	}
	renewed, _, err := session.Renew(id, nil)
	if err != nil {
		return err
	}
	if err := expect("TTL", renewed.TTL, "10s"); err != nil {
		return err
	}
	held, _, err := w.client.KV().Acquire(&api.KVPair{Key: "go/held", Session: id}, nil)
	if err != nil {
		return err
	}
	if err := expect("acquired", held, true); err != nil {
		return err
	}
	stop := make(chan struct{})
	ended := make(chan error, 1)
	go func() { ended <- session.RenewPeriodic("10s", id, nil, stop) }()
	close(stop) // it destroys the session
	if err := within("the end of the session", ended); err != nil {
		return err
	}
	info, _, err := session.Info(id, nil)
	if err != nil {
		return err
	}
	pair, _, err := w.client.KV().Get("go/held", nil)
	if err != nil {
		return err
	}
	return expect("what the session held", []bool{info == nil, pair == nil}, []bool{true, true})
}

func (w *world) lock(name string) (*api.Lock, error) {
	return w.client.LockOpts(&api.LockOptions{
		Key:         "go/leader",
		Value:       []byte(name),
		SessionTTL:  "10s",
		LockDelay:   time.Millisecond,
		SessionName: name,
	})
}

// Two candidates: one leads, and the other when the first resigns.
func (w *world) election() error {
	first, err := w.lock("first")
	if err != nil {
		return err
	}
	second, err := w.lock("second")
	if err != nil {
		return err
	}
	lost, err := first.Lock(nil)
	if err != nil || lost == nil {
		return fmt.Errorf("the first does not lead: %v", err)
	}
	elected := make(chan error, 1)
	go func() {
		_, err := second.Lock(nil)
		elected <- err
	}()
	select {
	case <-elected:
		return errors.New("two lead")
	case <-time.After(300 * time.Millisecond):
	}
	if err := first.Unlock(); err != nil {
		return err
	}
	if err := within("the second", elected); err != nil {
		return err
	}
	pair, _, err := w.client.KV().Get("go/leader", nil)
	if err != nil {
		return err
	}
	if err := expect("leader", string(pair.Value), "second"); err != nil {
		return err
	}
	if err := second.Unlock(); err != nil {
		return err
	}
	return second.Destroy()
}

// Whoever loses his session hears of it at once.
func (w *world) lostLock() error {
	lock, err := w.lock("loser")
	if err != nil {
		return err
	}
	lost, err := lock.Lock(nil)
	if err != nil {
		return err
	}
	pair, _, err := w.client.KV().Get("go/leader", nil)
	if err != nil {
		return err
	}
	if _, err := w.client.Session().Destroy(pair.Session, nil); err != nil {
		return err
	}
	heard := make(chan error, 1)
	go func() {
		<-lost
		heard <- nil
	}()
	return within("the loss", heard)
}

func (w *world) semaphore() error {
	seats := make([]*api.Semaphore, 3)
	for i := range seats {
		seat, err := w.client.SemaphoreOpts(&api.SemaphoreOptions{
			Prefix:      "go/seats",
			Limit:       2,
			SessionTTL:  "10s",
			SessionName: fmt.Sprintf("seat %d", i),
		})
		if err != nil {
			return err
		}
		seats[i] = seat
	}
	for _, seat := range seats[:2] {
		if _, err := seat.Acquire(nil); err != nil {
			return err
		}
	}
	seated := make(chan error, 1)
	go func() {
		_, err := seats[2].Acquire(nil)
		seated <- err
	}()
	select {
	case <-seated:
		return errors.New("three sit on two seats")
	case <-time.After(300 * time.Millisecond):
	}
	if err := seats[0].Release(); err != nil {
		return err
	}
	if err := within("the third", seated); err != nil {
		return err
	}
	for _, seat := range seats[1:] {
		if err := seat.Release(); err != nil {
			return err
		}
	}
	return seats[0].Destroy()
}

func (w *world) maintenance() error {
	agent := w.client.Agent()
	if err := agent.EnableNodeMaintenance("by hand"); err != nil {
		return err
	}
	checks, err := agent.Checks()
	if err != nil {
		return err
	}
	if err := expect("maintenance", checks["_node_maintenance"].Notes, "by hand"); err != nil {
		return err
	}
	return agent.DisableNodeMaintenance()
}

// Programs match on codes and on texts.
func (w *world) errors() error {
	_, _, err := w.client.Session().Create(&api.SessionEntry{TTL: "1s"}, nil)
	var status api.StatusError
	if !errors.As(err, &status) {
		return fmt.Errorf("no status error: %v", err)
	}
	if status.Code < 400 || !strings.Contains(status.Body, "Invalid Session TTL") {
		return fmt.Errorf("%d %s", status.Code, status.Body)
	}
	_, err = w.client.Agent().Metrics()
	if err != nil {
		return err
	}
	reply, err := http.Get("http://" + w.address + "/v1/no/such")
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	return expect("an unknown endpoint", reply.StatusCode, 404)
}
