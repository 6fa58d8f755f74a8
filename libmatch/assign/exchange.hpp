// From one lawful assignment towards another, in steps that are lawful each by itself.
//
// Problem: two assignments of the same firms, each within the capacities, at most one adviser per
// firm. Wanted: the parts in which they differ, such that any of them can be taken over alone.
//
// Method: a firm that differs is an arc from its adviser here to its adviser there, nobody
// included. A walk along arcs that comes back to a node closes a cycle, which leaves all loads as
// they are; what remains are paths, from an adviser that only loses firms to one that only gains
// them, cut wherever they pass through nobody. Any choice of parts keeps every load between the two
// assignments' own.
//
// Complexity: O(n + m). Deterministic: arcs in the order of firms.
//
// Source: R. K. Ahuja, T. L. Magnanti, J. B. Orlin, "Network Flows", 1993, section 3.5 (flow
// decomposition).
#pragma once

#include <cstdint>
#include <vector>

#include <libmatch/core/types.hpp>

namespace libmatch::detail {

class Exchange {
  public:
    /// Per firm the adviser here and there, or none.
    Exchange(const std::vector<AdviserId>& here, const std::vector<AdviserId>& there,
             std::size_t advisers)
        : nobody_(advisers), leaving_(advisers + 1), balance_(advisers + 1, 0) {
        to_.resize(here.size());
        for (std::size_t i = here.size(); i-- > 0;) {  // arcs are taken from the back
            if (here[i] == there[i]) continue;
            const std::size_t from = node(here[i]);
            to_[i] = node(there[i]);
            leaving_[from].push_back(FirmId(i));
            ++balance_[from];
            --balance_[to_[i]];
        }
        for (std::size_t j = 0; j < nobody_; ++j) {
            while (balance_[j] > 0) walk(j);
        }
        for (std::size_t j = nobody_ + 1; j-- > 0;) {  // nobody first, then cycles
            while (!leaving_[j].empty()) walk(j);
        }
    }

    /// The firms of each part.
    [[nodiscard]] const std::vector<std::vector<FirmId>>& parts() const { return parts_; }

  private:
    [[nodiscard]] std::size_t node(AdviserId j) const { return j.known() ? j.value : nobody_; }

    /// Follows arcs until none leaves, or nobody is reached; closes cycles on the way.
    void walk(std::size_t start) {
        std::vector<FirmId> arcs;
        std::vector<std::size_t> nodes{start};
        if (at_.empty()) at_.assign(nobody_ + 1, 0);
        at_[start] = 1;
        while (!leaving_[nodes.back()].empty()) {
            const std::size_t from = nodes.back();
            const FirmId i = leaving_[from].back();
            leaving_[from].pop_back();
            --balance_[from];
            const std::size_t to = to_[i];
            ++balance_[to];
            arcs.push_back(i);
            if (at_[to] > 0) {
                const std::size_t first = at_[to] - 1;
                parts_.emplace_back(arcs.begin() + static_cast<std::ptrdiff_t>(first), arcs.end());
                arcs.resize(first);
                while (nodes.size() > first + 1) {
                    at_[nodes.back()] = 0;
                    nodes.pop_back();
                }
                if (arcs.empty()) break;
            } else {
                nodes.push_back(to);
                at_[to] = nodes.size();
                if (to == nobody_) break;
            }
        }
        for (const std::size_t j : nodes) at_[j] = 0;
        if (!arcs.empty()) parts_.push_back(std::move(arcs));
    }

    std::size_t nobody_;
    std::vector<std::vector<FirmId>> leaving_;
    std::vector<std::size_t> to_;
    std::vector<std::int64_t> balance_;  ///< arcs that leave less arcs that come
    std::vector<std::size_t> at_;        ///< place on the walk, from 1; 0 = not on it
    std::vector<std::vector<FirmId>> parts_;
};

}  // namespace libmatch::detail
