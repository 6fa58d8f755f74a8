// Where pairs come from: the interface between whatever knows utilities and the assignment.
//
// A source answers two questions for a batch of firms at given prices, both over ALL eligible
// pairs:
//   best   the K best pairs by net value u_ij - p_j, and a bound on every pair that is not listed;
//   above  all pairs whose net value reaches a threshold of the firm.
// Implementations: a dense matrix, a sparse matrix, a programme of a market. None forms an n x m
// matrix. Answers for a firm depend on the firm and the prices alone, so they are the same for any
// number of threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/core/types.hpp>

namespace libmatch {

/// One entry of a firm's list. Single precision: lists guide, certificates are recomputed in
/// double.
struct Candidate {
    AdviserId adviser;
    float value = 0;  ///< utility
};

/// Lists of at most `width` candidates per firm, best first at the prices of their making.
class CandidateLists {
  public:
    CandidateLists(std::size_t firms, std::size_t width)
        : width_(width), flat_(firms * width), count_(firms, 0), outside_(firms, -HUGE_VAL) {}

    [[nodiscard]] std::size_t firms() const { return count_.size(); }
    [[nodiscard]] std::size_t width() const { return width_; }
    [[nodiscard]] std::span<const Candidate> of(FirmId i) const {
        return {flat_.data() + i * width_, count_[i]};
    }
    /// Asks the processor for the list of a firm whose turn comes soon. Changes speed only.
    void prefetch(FirmId i) const {
#if defined(__GNUC__)
        constexpr std::size_t per_line = 64 / sizeof(Candidate);
        for (std::size_t k = 0; k < width_; k += per_line)
            __builtin_prefetch(flat_.data() + i * width_ + k);
#else
        static_cast<void>(i);
#endif
    }
    /// Net value that no unlisted pair of the firm exceeded when the list was made; -inf when all
    /// are listed.
    [[nodiscard]] double outside(FirmId i) const { return outside_[i]; }

    [[nodiscard]] std::span<Candidate> slots(FirmId i) {
        return {flat_.data() + i * width_, width_};
    }
    void finish(FirmId i, std::size_t count, double outside) {
        count_[i] = static_cast<std::uint32_t>(count);
        outside_[i] = outside;
    }

  private:
    std::size_t width_;
    std::vector<Candidate> flat_;
    std::vector<std::uint32_t> count_;
    std::vector<double> outside_;
};

/// A pair with its utility in full precision.
struct ValuedPair {
    FirmId firm;
    AdviserId adviser;
    double value = 0;
};

class PairSource {
  public:
    virtual ~PairSource() = default;
    PairSource() = default;
    PairSource(const PairSource&) = delete;
    PairSource& operator=(const PairSource&) = delete;

    [[nodiscard]] virtual std::size_t firms() const = 0;
    [[nodiscard]] virtual std::size_t advisers() const = 0;
    [[nodiscard]] virtual bool eligible(FirmId i, AdviserId j) const = 0;
    /// Of an eligible pair.
    [[nodiscard]] virtual double utility(FirmId i, AdviserId j) const = 0;
    /// Hours that an eligible pair takes; asked only where capacities are hours.
    [[nodiscard]] virtual double load(FirmId, AdviserId) const { return 1; }
    /// Why a pair is not eligible, for people.
    [[nodiscard]] virtual std::string reason(FirmId, AdviserId) const {
        return "the pair is not eligible";
    }

    /// Rewrites the lists of the firms `who` (distinct). Incomplete when control stops: check it
    /// afterwards.
    virtual void best(std::span<const FirmId> who, std::span<const double> prices,
                      CandidateLists& lists, unsigned threads, const Control& control) const = 0;

    /// All pairs of the firms `who` with u - p >= threshold[firm], sorted by position in `who`,
    /// then adviser.
    [[nodiscard]] virtual std::vector<ValuedPair> above(std::span<const FirmId> who,
                                                        std::span<const double> prices,
                                                        std::span<const double> threshold,
                                                        unsigned threads,
                                                        const Control& control) const = 0;
};

namespace detail {

/// Keeps the K best of the pairs offered, by net value, then by smaller adviser.
class KeepBest {
  public:
    struct Entry {
        double net = 0;
        AdviserId adviser;
        double value = 0;
        /// Better entries first.
        friend bool operator<(const Entry& a, const Entry& b) {
            return a.net != b.net ? a.net > b.net : a.adviser < b.adviser;
        }
    };
    explicit KeepBest(std::size_t k) : k_(k) { heap_.reserve(k + 1); }

    void clear() {
        heap_.clear();
        ordered_ = dropped_ = false;
    }
    /// Pairs strictly below this net value need not be offered.
    [[nodiscard]] double floor() const { return ordered_ ? heap_.front().net : -HUGE_VAL; }
    void offer(AdviserId j, double value, double net) {
        const Entry e{net, j, value};
        if (heap_.size() < k_) {
            heap_.push_back(e);
        } else {
            // Not before one too many is offered: most lists of given matrices hold whole rows.
            if (!ordered_) std::make_heap(heap_.begin(), heap_.end());
            ordered_ = true;
            dropped_ = true;
            if (!(e < heap_.front())) return;
            std::pop_heap(heap_.begin(), heap_.end());
            heap_.back() = e;
            std::push_heap(heap_.begin(), heap_.end());
        }
    }
    /// Some pair was not offered because it lies under the floor.
    void skipped() { dropped_ = true; }

    void write(FirmId i, CandidateLists& lists) {
        std::sort(heap_.begin(), heap_.end());
        const auto slots = lists.slots(i);
        for (std::size_t k = 0; k < heap_.size(); ++k) {
            slots[k] = {heap_[k].adviser, static_cast<float>(heap_[k].value)};
        }
        lists.finish(i, heap_.size(), dropped_ && !heap_.empty() ? heap_.back().net : -HUGE_VAL);
    }

  private:
    std::size_t k_;
    std::vector<Entry> heap_;
    bool ordered_ = false;  ///< heap_ is a heap, its worst entry on top
    bool dropped_ = false;
};

/// Keeps every pair at or above a threshold.
class KeepAbove {
  public:
    KeepAbove(FirmId i, double threshold, std::vector<ValuedPair>& out)
        : firm_(i), threshold_(threshold), out_(&out) {}
    [[nodiscard]] double floor() const { return threshold_; }
    void offer(AdviserId j, double value, double net) {
        if (net >= threshold_) out_->push_back({firm_, j, value});
    }
    void skipped() {}

  private:
    FirmId firm_;
    double threshold_;
    std::vector<ValuedPair>* out_;
};

/// Answers both questions for a source that can scan the pairs of one firm:
/// `scan(i, prices, keep)` calls keep.offer(j, u, u - p_j) for every pair that may reach
/// keep.floor().
template <class Scan>
void best_by_scan(std::span<const FirmId> who, CandidateLists& lists, unsigned threads,
                  const Control& control, const Scan& scan) {
    constexpr std::size_t chunk = 256;
    parallel_chunks(who.size(), chunk, threads, [&](std::size_t begin, std::size_t end) {
        KeepBest keep(lists.width());
        for (std::size_t k = begin; k < end && !control.stop(); ++k) {
            keep.clear();
            scan(who[k], keep);
            keep.write(who[k], lists);
        }
    });
}

template <class Scan>
std::vector<ValuedPair> above_by_scan(std::span<const FirmId> who,
                                      std::span<const double> threshold, unsigned threads,
                                      const Control& control, const Scan& scan) {
    constexpr std::size_t chunk = 256;
    std::vector<std::vector<ValuedPair>> parts((who.size() + chunk - 1) / chunk);
    parallel_chunks(who.size(), chunk, threads, [&](std::size_t begin, std::size_t end) {
        auto& part = parts[begin / chunk];
        for (std::size_t k = begin; k < end && !control.stop(); ++k) {
            const auto first = static_cast<std::ptrdiff_t>(part.size());
            KeepAbove keep(who[k], threshold[who[k]], part);
            scan(who[k], keep);
            std::sort(
                part.begin() + first, part.end(),
                [](const ValuedPair& a, const ValuedPair& b) { return a.adviser < b.adviser; });
        }
    });
    std::vector<ValuedPair> all;
    for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

}  // namespace detail
}  // namespace libmatch
