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
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
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

/// Lists of at most `width` candidates per firm, best first at the prices of their making unless
/// they are rough.
class CandidateLists {
  public:
    CandidateLists(std::size_t firms, std::size_t width)
        : width_(width),
          flat_(static_cast<Candidate*>(
              std::malloc(std::max<std::size_t>(1, firms * width * sizeof(Candidate))))),
          count_(firms, 0),
          outside_(firms, HUGE_VAL) {
        if (!flat_) throw std::bad_alloc();
    }

    [[nodiscard]] std::size_t firms() const { return count_.size(); }
    [[nodiscard]] std::size_t width() const { return width_; }
    [[nodiscard]] std::span<const Candidate> of(FirmId i) const {
        return {flat_.get() + i * width_, count_[i]};
    }
    /// Asks the processor for the list of a firm whose turn comes soon. Changes speed only.
    void prefetch(FirmId i) const {
#if defined(__GNUC__)
        constexpr std::size_t per_line = 64 / sizeof(Candidate);
        for (std::size_t k = 0; k < width_; k += per_line)
            __builtin_prefetch(flat_.get() + i * width_ + k);
#else
        static_cast<void>(i);
#endif
    }
    /// Net value that no unlisted pair of the firm exceeded when the list was made; -inf when all
    /// are listed, +inf before the first list.
    [[nodiscard]] double outside(FirmId i) const { return outside_[i]; }

    /// Raises the outside values of partial lists after some prices fell by at most `by`.
    void loosen(std::span<const FirmId> who, double by) {
        for (const FirmId i : who) outside_[i] += by;
    }

    /// Raises the outside value of one firm.
    void raise(FirmId i, double outside) { outside_[i] = outside; }

    [[nodiscard]] std::span<Candidate> slots(FirmId i) {
        return {flat_.get() + i * width_, width_};
    }
    void finish(FirmId i, std::size_t count, double outside) {
        count_[i] = static_cast<std::uint32_t>(count);
        outside_[i] = outside;
    }

  private:
    std::size_t width_;
    struct Free {
        void operator()(Candidate* all) const { std::free(all); }
    };
    /// Written before it is read, list by list; at national scale clearing it would take long.
    std::unique_ptr<Candidate[], Free> flat_;
    std::vector<std::uint32_t> count_;
    std::vector<double> outside_;
};

/// A pair with its utility in full precision.
struct ValuedPair {
    FirmId firm;
    AdviserId adviser;
    double value = 0;
};

/// Pairs in compressed rows, as a source may hold them.
struct StoredRows {
    std::span<const std::int64_t> begin;    ///< n + 1
    std::span<const std::uint32_t> column;  ///< ascending and distinct in each row
    std::span<const double> value;
};

/// The eligible pairs of one firm, by adviser, with their utilities.
struct PairRow {
    std::vector<std::uint32_t> adviser;
    std::vector<double> value;
    std::uint32_t key = 0xffffffff;  ///< of the source that wrote it, to know it again
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
    /// No eligible pair is worth more.
    [[nodiscard]] virtual double utility_limit() const = 0;
    /// No eligible pair is worth more in size, of either sign; 0 without pairs. Here by asking all.
    [[nodiscard]] virtual double utility_size() const {
        double most = 0;
        for (std::size_t i = 0; i < firms(); ++i) {
            for (std::size_t j = 0; j < advisers(); ++j) {
                if (eligible(FirmId(i), AdviserId(j)))
                    most = std::max(most, std::fabs(utility(FirmId(i), AdviserId(j))));
            }
        }
        return most;
    }
    /// All pairs, where the source holds them in rows and reading them all costs little.
    [[nodiscard]] virtual std::optional<StoredRows> stored() const { return std::nullopt; }
    /// Writes all pairs of a firm. The row is new, or as the last call to this source left it: what
    /// it holds may serve again.
    virtual void pairs_of(FirmId i, PairRow& row) const {
        row.adviser.clear();
        row.value.clear();
        for (std::size_t j = 0; j < advisers(); ++j) {
            const AdviserId adviser(j);
            if (!eligible(i, adviser)) continue;
            row.adviser.push_back(adviser.value);
            row.value.push_back(utility(i, adviser));
        }
    }
    /// Hours that an eligible pair takes; asked only where capacities are hours.
    [[nodiscard]] virtual double load(FirmId, AdviserId) const { return 1; }
    /// Why a pair is not eligible, for people.
    [[nodiscard]] virtual std::string reason(FirmId, AdviserId) const {
        return "the pair is not eligible";
    }

    /// Rewrites the lists of the firms `who` (distinct). Pairs whose net value lies under `least`
    /// may be left out; the outside value is then `least` or more. What the lists held before may
    /// be used to find the best sooner: it must be eligible pairs. Incomplete when control stops:
    /// check it afterwards.
    virtual void best(std::span<const FirmId> who, std::span<const double> prices,
                      CandidateLists& lists, unsigned threads, const Control& control,
                      double least = -HUGE_VAL) const = 0;

    /// The same, but of equal pairs different firms may list different ones, so that an auction
    /// among firms without preferences is not about a few advisers. The answer depends on the firm
    /// and the prices alone.
    virtual void best_spread(std::span<const FirmId> who, std::span<const double> prices,
                             CandidateLists& lists, unsigned threads, const Control& control,
                             double least = -HUGE_VAL) const {
        best(who, prices, lists, threads, control, least);
    }

    /// For work that is proven afterwards: values may be off by about `rough_error()`, and so may
    /// be which pairs are listed, the outside values, and the order of a list.
    virtual void best_roughly(std::span<const FirmId> who, std::span<const double> prices,
                              CandidateLists& lists, unsigned threads, const Control& control,
                              double least = -HUGE_VAL) const {
        best_spread(who, prices, lists, threads, control, least);
    }
    /// 0: rough lists are as true as any.
    [[nodiscard]] virtual double rough_error() const { return 0; }
    /// By more than this, no value in the firm's rough lists is off, nor does an unlisted pair
    /// exceed their outside value, at prices from 0. Infinite: rough lists prove nothing.
    [[nodiscard]] virtual double rough_error_of(FirmId) const {
        return rough_error() > 0 ? HUGE_VAL : 0;
    }

    /// All pairs of the firms `who` with u - p >= threshold[firm], sorted by position in `who`,
    /// then adviser.
    [[nodiscard]] virtual std::vector<ValuedPair> above(std::span<const FirmId> who,
                                                        std::span<const double> prices,
                                                        std::span<const double> threshold,
                                                        unsigned threads,
                                                        const Control& control) const = 0;
};

namespace detail {

/// The least net value, at these prices, of a firm's full list: K pairs are at least as good. -inf
/// when there is no such list.
[[nodiscard]] inline double least_listed(const CandidateLists& lists, FirmId i,
                                         std::span<const double> prices) {
    const auto list = lists.of(i);
    if (list.size() < lists.width()) return -HUGE_VAL;
    double least = HUGE_VAL;
    for (const Candidate& c : list) {
        const auto value = static_cast<double>(c.value);
        if (!std::isfinite(value)) return -HUGE_VAL;
        // the list rounded it to single precision
        least = std::min(least, value - std::fabs(value) * 0x1p-23 - 0x1p-149 - prices[c.adviser]);
    }
    return least;
}

/// Keeps the K best of the pairs offered, by net value, then by smaller adviser. Offers gather in a
/// buffer that is cut down to the best when it is full, so an offer costs O(1) on average.
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
    explicit KeepBest(std::size_t k) : k_(k) { entries_.reserve(2 * k_ + 1); }

    void clear(double least = -HUGE_VAL) {
        entries_.clear();
        least_ = least;
        floor_ = least;
        dropped_ = false;
    }
    /// The caller knows K eligible pairs of at least this net value.
    void promise(double net) { floor_ = std::max(floor_, net); }
    /// Only so many of the best pairs need be offered; 0: all that reach the floor.
    [[nodiscard]] std::size_t wanted() const { return k_; }
    /// Pairs strictly below this net value need not be offered.
    [[nodiscard]] double floor() const { return floor_; }
    void offer(AdviserId j, double value, double net) {
        if (net < floor_) {
            dropped_ = true;
            return;
        }
        entries_.push_back({net, j, value});
        if (k_ == 1) floor_ = std::max(floor_, net);
        if (entries_.size() >= 2 * k_) cut();
    }
    /// Some pair was not offered because it lies under the floor.
    void skipped() { dropped_ = true; }

    void write(FirmId i, CandidateLists& lists) {
        std::sort(entries_.begin(), entries_.end());
        if (entries_.size() > k_) {
            entries_.resize(k_);
            dropped_ = true;
        }
        const auto slots = lists.slots(i);
        for (std::size_t k = 0; k < entries_.size(); ++k) {
            slots[k] = {entries_[k].adviser, static_cast<float>(entries_[k].value)};
        }
        const double outside = entries_.size() < k_ ? least_ : entries_.back().net;
        lists.finish(i, entries_.size(), dropped_ ? outside : -HUGE_VAL);
    }

  private:
    /// Lets go of all but the K best.
    void cut() {
        const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(k_);
        std::nth_element(entries_.begin(), end - 1, entries_.end());
        floor_ = std::max(floor_, (end - 1)->net);
        dropped_ = dropped_ || end != entries_.end();
        entries_.erase(end, entries_.end());
    }

    std::size_t k_;
    double least_ = -HUGE_VAL;
    double floor_ = -HUGE_VAL;
    std::vector<Entry> entries_;
    bool dropped_ = false;
};

/// Keeps every pair at or above a threshold.
class KeepAbove {
  public:
    KeepAbove(FirmId i, double threshold, std::vector<ValuedPair>& out)
        : firm_(i), threshold_(threshold), out_(&out) {}
    [[nodiscard]] std::size_t wanted() const { return 0; }
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

/// A scan that needs room to work in is given as a function that makes one for a thread.
template <class Scan>
[[nodiscard]] decltype(auto) scan_of_thread(const Scan& scan) {
    if constexpr (std::is_invocable_v<const Scan&>) {
        return scan();
    } else {
        return (scan);
    }
}

/// Answers both questions for a source that can scan the pairs of one firm: `scan(i, keep)` calls
/// keep.offer(j, u, u - p_j) for every pair that may reach keep.floor().
template <class Scan>
void best_by_scan(std::span<const FirmId> who, std::span<const double> prices,
                  CandidateLists& lists, unsigned threads, const Control& control, double least,
                  const Scan& scan) {
    constexpr std::size_t chunk = 256;
    parallel_chunks(who.size(), chunk, threads, [&](std::size_t begin, std::size_t end) {
        KeepBest keep(lists.width());
        auto&& own = scan_of_thread(scan);
        for (std::size_t k = begin; k < end && !control.stop(); ++k) {
            keep.clear(least);
            keep.promise(least_listed(lists, who[k], prices));
            own(who[k], keep);
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
        auto&& own = scan_of_thread(scan);
        for (std::size_t k = begin; k < end && !control.stop(); ++k) {
            const auto first = static_cast<std::ptrdiff_t>(part.size());
            KeepAbove keep(who[k], threshold[who[k]], part);
            own(who[k], keep);
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
