// Solves a placement by LEMON's network simplex and cost scaling, and prints
// their times (run() alone, of the clock and of the processor) and the optimum as
// one JSON object.
//
//   rival FILE [ROUNDS]
//
// FILE is little-endian int32: students, opportunities, partners, arcs; then
// first (students + 1), target, weight (arcs), seats, minimum, partner
// (opportunities; -1 for none), cap (partners).
#include <lemon/cost_scaling.h>
#include <lemon/network_simplex.h>
#include <lemon/static_graph.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <utility>
#include <vector>

using namespace lemon;
typedef std::vector<int32_t> Numbers;

static Numbers read(FILE *f, size_t n) {
  Numbers v(n);
  if (fread(v.data(), 4, n, f) != n) {
    fprintf(stderr, "rival: the instance is cut short\n");
    exit(2);
  }
  return v;
}

struct Edge {
  int from, to, low, high, cost;
};

struct Times {
  double wall, cpu;
};

template <class Solver, class Status>
static Times solve(Solver &solver, Status optimal, long long &total) {
  auto start = std::chrono::steady_clock::now();
  clock_t startCpu = clock();
  auto status = solver.run();
  double cpu = double(clock() - startCpu) / CLOCKS_PER_SEC;
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (status != optimal) {
    fprintf(stderr, "rival: no optimum\n");
    exit(1);
  }
  total = -solver.template totalCost<long long>();
  return {took.count(), cpu};
}

static double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

int main(int argc, char **argv) {
  FILE *f = argc > 1 ? fopen(argv[1], "rb") : nullptr;
  if (!f) {
    fprintf(stderr, "usage: rival FILE [ROUNDS]\n");
    return 2;
  }
  const int rounds = argc > 2 ? atoi(argv[2]) : 1;
  Numbers size = read(f, 4);
  const int n = size[0], m = size[1], k = size[2];
  Numbers first = read(f, n + 1), target = read(f, size[3]), weight = read(f, size[3]);
  Numbers seats = read(f, m), minimum = read(f, m), partner = read(f, m), cap = read(f, k);
  fclose(f);

  // Students, opportunities, partners, the root.
  const int root = n + m + k;
  std::vector<Edge> edges;
  for (int s = 0; s < n; s++) {
    for (int a = first[s]; a < first[s + 1]; a++) edges.push_back({s, n + target[a], 0, 1, -weight[a]});
    edges.push_back({s, root, 0, 1, 0});
  }
  for (int o = 0; o < m; o++)
    edges.push_back({n + o, partner[o] < 0 ? root : n + m + partner[o], minimum[o], seats[o], 0});
  for (int p = 0; p < k; p++) edges.push_back({n + m + p, root, 0, cap[p], 0});
  std::vector<std::pair<int, int>> ends;
  for (const Edge &e : edges) ends.push_back({e.from, e.to});
  StaticDigraph graph;
  graph.build(root + 1, ends.begin(), ends.end());
  StaticDigraph::ArcMap<int> low(graph), high(graph);
  StaticDigraph::ArcMap<long long> cost(graph);
  for (size_t i = 0; i < edges.size(); i++) {
    auto a = graph.arc(i);
    low[a] = edges[i].low, high[a] = edges[i].high, cost[a] = edges[i].cost;
  }
  StaticDigraph::NodeMap<int> supply(graph, 0);
  for (int s = 0; s < n; s++) supply[graph.node(s)] = 1;
  supply[graph.node(root)] = -n;

  long long simplexTotal = 0, scalingTotal = 0;
  std::vector<double> wall[2], cpu[2];
  auto note = [&](int which, Times t) { wall[which].push_back(t.wall), cpu[which].push_back(t.cpu); };
  for (int i = 0; i < rounds; i++) {
    typedef NetworkSimplex<StaticDigraph, int, long long> Simplex;
    Simplex simplex(graph);
    simplex.lowerMap(low).upperMap(high).costMap(cost).supplyMap(supply);
    note(0, solve(simplex, Simplex::OPTIMAL, simplexTotal));
    typedef CostScaling<StaticDigraph, int, long long> Scaling;
    Scaling scaling(graph);
    scaling.lowerMap(low).upperMap(high).costMap(cost).supplyMap(supply);
    note(1, solve(scaling, Scaling::OPTIMAL, scalingTotal));
  }
  if (simplexTotal != scalingTotal) {
    fprintf(stderr, "rival: the two disagree\n");
    return 1;
  }
  printf(
      "{\"network_simplex_seconds\":%.4f,\"cost_scaling_seconds\":%.4f,"
      "\"network_simplex_cpu_seconds\":%.4f,\"cost_scaling_cpu_seconds\":%.4f,\"total\":%lld}\n",
      median(wall[0]), median(wall[1]), median(cpu[0]), median(cpu[1]), simplexTotal);
}
