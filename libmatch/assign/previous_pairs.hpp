// Which pairs of an earlier assignment could still be kept, and how many an answer left.
//
// A previous pair counts if it is eligible and its firm has a demand and no pin elsewhere. Where
// more pairs count at an adviser than it has seats, the surplus is forced, as are the pairs that do
// not count. Changes are what an answer left beyond that. Complexity: O(n + m). Deterministic.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include <libmatch/model/assignment.hpp>
#include <libmatch/retrieve/source.hpp>

namespace libmatch::detail {

class PreviousPairs {
  public:
    PreviousPairs(const PairSource& source, const AssignmentLimits& limits, unsigned threads)
        : kept_(source.firms()) {
        std::vector<std::int64_t> surplus(source.advisers(), 0);
        const std::vector<Pair>& all = limits.previous;
        parallel_chunks(all.size(), 4'096, threads, [&](std::size_t begin, std::size_t end) {
            for (std::size_t k = begin; k < end; ++k) {
                const Pair& p = all[k];
                if (limits.demand_of(p.firm) > 0 && source.eligible(p.firm, p.adviser))
                    kept_[p.firm] = p.adviser;
            }
        });
        for (const Pair& p : limits.pinned) {
            if (kept_[p.firm] == p.adviser) continue;
            kept_[p.firm] = AdviserId();
            ++surplus[p.adviser];  // a seat that no firm can keep
        }
        for (const AdviserId j : kept_) {
            if (!j.known()) continue;
            ++surplus[j];
            ++count_;
        }
        forced_ = static_cast<std::int64_t>(limits.previous.size()) - count_;
        for (std::size_t j = 0; j < surplus.size() && !limits.capacity.empty(); ++j)
            crowded_ += std::max<std::int64_t>(0, surplus[j] - limits.capacity[j]);
    }

    /// Per firm the adviser that it can keep, or none.
    [[nodiscard]] const std::vector<AdviserId>& kept() const { return kept_; }
    /// The pairs that count, sorted.
    [[nodiscard]] std::vector<Pair> pairs() const {
        std::vector<Pair> all;
        all.reserve(static_cast<std::size_t>(count_));
        for (std::size_t i = 0; i < kept_.size(); ++i) {
            if (kept_[i].known()) all.push_back({FirmId(i), kept_[i]});
        }
        return all;
    }
    /// How many count.
    [[nodiscard]] std::int64_t count() const { return count_; }
    /// Of these, how many cannot all be kept for lack of seats.
    [[nodiscard]] std::int64_t crowded() const { return crowded_; }
    /// Previous pairs that no answer could have kept.
    [[nodiscard]] std::int64_t forced() const { return forced_ + crowded_; }

    [[nodiscard]] std::int64_t kept_in(std::span<const Pair> pairs) const {
        return std::count_if(pairs.begin(), pairs.end(),
                             [&](const Pair& p) { return kept_[p.firm] == p.adviser; });
    }
    [[nodiscard]] std::int64_t changes_in(std::span<const Pair> pairs) const {
        return count_ - kept_in(pairs) - crowded_;
    }

  private:
    std::vector<AdviserId> kept_;
    std::int64_t count_ = 0, forced_ = 0, crowded_ = 0;
};

}  // namespace libmatch::detail
