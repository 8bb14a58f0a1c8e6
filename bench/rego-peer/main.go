// Command rego-peer is OPA's own in-process evaluation, as a program in Go would embed it, for comparison.
//
// It reads one JSON object a line and answers each with one line:
//
//	{"load": {"modules": {"policy.rego": "…"}, "data": {…}, "query": "data.authz.allow", "v0": false}}
//	{"prepareNs": 1, "heapBytes": 1}
//
//	{"run": {"input": {…}, "forNs": 500000000}}
//	{"p50Ns": 1, "p99Ns": 1, "runs": 1, "result": true}
//
// Each evaluation is timed by itself and gets its input as a native Go value, numbers as json.Number, which is how OPA reads
// JSON. What cannot be done is answered with {"error": "…"}.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

type load struct {
	Modules map[string]string `json:"modules"`
	Data    map[string]any    `json:"data"`
	Query   string            `json:"query"`
	V0      bool              `json:"v0"`
}

type run struct {
	Input any   `json:"input"`
	ForNs int64 `json:"forNs"`
}

type order struct {
	Load *load `json:"load"`
	Run  *run  `json:"run"`
}

type loaded struct {
	PrepareNs int64  `json:"prepareNs"`
	HeapBytes uint64 `json:"heapBytes"`
}

type measured struct {
	P50Ns  int64 `json:"p50Ns"`
	P99Ns  int64 `json:"p99Ns"`
	Runs   int   `json:"runs"`
	Result any   `json:"result"`
}

type failed struct {
	Error string `json:"error"`
}

// idle is the heap before anything was loaded.
var idle = heap()

func main() {
	ctx := context.Background()
	lines := bufio.NewReader(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	var query rego.PreparedEvalQuery
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) == 0 && err != nil {
			return
		}
		answer, err := obey(ctx, line, &query)
		if err != nil {
			answer = failed{err.Error()}
		}
		if err := answers.Encode(answer); err != nil {
			return
		}
	}
}

func obey(ctx context.Context, line []byte, query *rego.PreparedEvalQuery) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	var asked order
	if err := decoder.Decode(&asked); err != nil {
		return nil, err
	}
	switch {
	case asked.Load != nil:
		return prepare(ctx, asked.Load, query)
	case asked.Run != nil:
		return measure(ctx, asked.Run, query)
	}
	return failed{"neither load nor run"}, nil
}

func prepare(ctx context.Context, asked *load, query *rego.PreparedEvalQuery) (any, error) {
	*query = rego.PreparedEvalQuery{}
	version := ast.RegoV1
	if asked.V0 {
		version = ast.RegoV0
	}
	options := []func(*rego.Rego){
		rego.Query(asked.Query),
		rego.SetRegoVersion(version),
		rego.Store(inmem.NewFromObject(asked.Data)),
	}
	for name, source := range asked.Modules {
		options = append(options, rego.Module(name, source))
	}
	started := time.Now()
	prepared, err := rego.New(options...).PrepareForEval(ctx)
	if err != nil {
		return nil, err
	}
	took := time.Since(started).Nanoseconds()
	*query = prepared
	return loaded{PrepareNs: took, HeapBytes: heap() - idle}, nil
}

func measure(ctx context.Context, asked *run, query *rego.PreparedEvalQuery) (any, error) {
	var took []int64
	var results rego.ResultSet
	for until := time.Now().Add(time.Duration(asked.ForNs)); time.Now().Before(until); {
		var err error
		started := time.Now()
		results, err = query.Eval(ctx, rego.EvalInput(asked.Input))
		took = append(took, time.Since(started).Nanoseconds())
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(took)
	var result any
	if len(results) > 0 && len(results[0].Expressions) > 0 {
		result = results[0].Expressions[0].Value
	}
	return measured{P50Ns: took[len(took)/2], P99Ns: took[len(took)*99/100], Runs: len(took), Result: result}, nil
}

func heap() uint64 {
	// Pools let go of what they hold at the second collection.
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
