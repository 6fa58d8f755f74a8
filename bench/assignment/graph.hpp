// The graph of assignment/graph.py, read from its file, and the line that every competitor prints.
// C++17, since LEMON compiles as nothing later.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace bench {

constexpr std::int64_t magic = 0x6C6D6772;
constexpr double unit = 1e-6;  ///< score units in one unit of the integer utilities

struct Graph {
    std::size_t firms = 0, advisers = 0, listed = 0;
    std::vector<std::int64_t> capacity;
    std::vector<std::uint32_t> column;  ///< firms x listed, ascending in each row
    std::vector<std::int64_t> value;    ///< firms x listed, units
};

template <class T>
void read_into(std::ifstream& file, std::vector<T>& out, std::size_t count) {
    out.resize(count);
    file.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(count * sizeof(T)));
}

inline Graph read_graph(const char* path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<std::int64_t> head;
    read_into(file, head, 4);
    if (!file || head[0] != magic) {
        std::fprintf(stderr, "%s is no graph of this benchmark\n", path);
        std::exit(2);
    }
    Graph g;
    g.firms = static_cast<std::size_t>(head[1]);
    g.advisers = static_cast<std::size_t>(head[2]);
    g.listed = static_cast<std::size_t>(head[3]);
    read_into(file, g.capacity, g.advisers);
    read_into(file, g.column, g.firms * g.listed);
    read_into(file, g.value, g.firms * g.listed);
    if (!file) {
        std::fprintf(stderr, "%s ends too early\n", path);
        std::exit(2);
    }
    return g;
}

class Stopwatch {
  public:
    [[nodiscard]] double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

  private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// One run, as the runner reads it: a line of JSON. Objective and bound in score units.
inline void print_run(double build_s, double solve_s, double objective, double bound) {
    std::printf(R"({"build_s": %.6f, "solve_s": %.6f, "objective": %.6f, "bound": %.6f})"
                "\n",
                build_s, solve_s, objective, bound);
    std::fflush(stdout);
}

}  // namespace bench
