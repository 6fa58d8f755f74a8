// The best move of a firm between each two advisers, kept while firms move.
//
// A move gives up one choice of a firm and takes another; from or to nobody, it only takes or only
// gives up. What it gains does not depend on prices, so each two advisers have a heap of moves;
// those that have become impossible are dropped when they come to its top, or when the heap has
// doubled, and a firm that moved offers its moves anew. With few advisers of many firms each this
// saves a look at all firms of an adviser per search. Complexity: O(log arcs) per move; memory
// O((m + 1)^2 + arcs x demand). Deterministic: ties go to the choices that come first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <libmatch/assign/exact_problem.hpp>

namespace libmatch::detail {

class BestMoves {
  public:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    struct Move {
        std::int64_t gain = 0;        ///< of value, before prices
        std::uint32_t leaves = none;  ///< the choice given up
        std::uint32_t takes = none;
    };

    /// Whether a table of all two advisers is small beside the choices, and these leave room for
    /// their moves.
    [[nodiscard]] static bool fits(const ExactProblem& problem) {
        constexpr std::size_t most = std::size_t{1} << 24;
        const std::size_t nodes = problem.advisers() + 1;
        return nodes * nodes <= problem.choices.size() && problem.choices.size() <= most;
    }

    /// `held`: of each choice, `degree`: choices that each firm holds; both of the caller, and as
    /// they are whenever this is asked.
    BestMoves(const ExactProblem& problem, const std::vector<char>& held,
              const std::vector<std::int32_t>& degree, const std::vector<std::uint32_t>& firm_of)
        : problem_(problem),
          held_(held),
          degree_(degree),
          firm_of_(firm_of),
          nodes_(problem.advisers() + 1),
          heaps_(nodes_ * nodes_) {
        for (std::size_t i = 0; i < problem.firms(); ++i) offer(i);
    }

    /// All moves of a firm as it stands; to be called whenever its choices have changed.
    void offer(std::size_t i) {
        const std::size_t begin = problem_.begin[i], end = problem_.begin[i + 1];
        for (std::size_t f = begin; f < end; ++f) {
            if (held_[f] != 0 || problem_.choices[f].pinned) continue;
            const auto takes = static_cast<std::uint32_t>(f);
            push({problem_.choices[f].value, none, takes});
            for (std::size_t e = begin; e < end; ++e) {
                if (held_[e] == 0 || problem_.choices[e].pinned) continue;
                push({problem_.choices[f].value - problem_.choices[e].value,
                      static_cast<std::uint32_t>(e), takes});
            }
        }
        for (std::size_t e = begin; e < end; ++e) {
            if (held_[e] != 0 && !problem_.choices[e].pinned)
                push({-problem_.choices[e].value, static_cast<std::uint32_t>(e), none});
        }
    }

    /// Of the moves from one adviser to another; the number of advisers stands for nobody. Null
    /// where there is none; good until the next call.
    [[nodiscard]] const Move* best(std::size_t from, std::size_t to) {
        std::vector<Move>& heap = heaps_[from * nodes_ + to].moves;
        while (!heap.empty() && !possible(heap.front())) {
            std::pop_heap(heap.begin(), heap.end(), behind);
            heap.pop_back();
        }
        return heap.empty() ? nullptr : &heap.front();
    }

  private:
    static constexpr std::size_t least_full = 64;
    struct Heap {
        std::vector<Move> moves;
        std::size_t full = least_full;
    };

    [[nodiscard]] static bool behind(const Move& a, const Move& b) {
        if (a.gain != b.gain) return a.gain < b.gain;
        return a.leaves != b.leaves ? a.leaves > b.leaves : a.takes > b.takes;
    }
    [[nodiscard]] std::size_t node(std::uint32_t choice) const {
        return choice == none ? nodes_ - 1
                              : static_cast<std::size_t>(problem_.choices[choice].adviser);
    }
    [[nodiscard]] bool possible(const Move& m) const {
        if (m.leaves != none && held_[m.leaves] == 0) return false;
        if (m.takes != none && held_[m.takes] != 0) return false;
        const std::uint32_t i = firm_of_[m.takes != none ? m.takes : m.leaves];
        if (m.leaves == none) return degree_[i] < problem_.demand[i];
        return m.takes != none || degree_[i] > problem_.min_demand[i];
    }
    void push(const Move& m) {
        if (!possible(m)) return;
        Heap& heap = heaps_[node(m.leaves) * nodes_ + node(m.takes)];
        heap.moves.push_back(m);
        std::push_heap(heap.moves.begin(), heap.moves.end(), behind);
        if (heap.moves.size() >= heap.full) clean(heap);
    }
    /// Drops what is impossible, and what is there twice.
    void clean(Heap& heap) const {
        std::erase_if(heap.moves, [&](const Move& m) { return !possible(m); });
        std::sort(heap.moves.begin(), heap.moves.end(),
                  [](const Move& a, const Move& b) { return behind(b, a); });
        const auto same = [](const Move& a, const Move& b) {
            return a.leaves == b.leaves && a.takes == b.takes;
        };
        heap.moves.erase(std::unique(heap.moves.begin(), heap.moves.end(), same),
                         heap.moves.end());  // sorted from the best on, it is a heap still
        heap.full = std::max(least_full, 2 * heap.moves.size());
    }

    const ExactProblem& problem_;
    const std::vector<char>& held_;
    const std::vector<std::int32_t>& degree_;
    const std::vector<std::uint32_t>& firm_of_;
    std::size_t nodes_;
    std::vector<Heap> heaps_;  ///< by from, then to
};

}  // namespace libmatch::detail
