// Pairs of another source, of which one per firm is worth more: the one that the firm shall keep.
//
// Problem: prices for keeping a pair, as in assign/few_changes.hpp. Method: the other source is
// asked, and the firm's own pair is put in its place. Complexity: that of the other source, plus
// O(list) per firm. Deterministic for any number of threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <libmatch/model/assignment.hpp>
#include <libmatch/retrieve/source.hpp>

namespace libmatch {

class KeptSource final : public PairSource {
  public:
    /// `kept`: per firm an eligible adviser, or none. `more`: from 0, what keeping adds. Both other
    /// objects must outlive this one.
    KeptSource(const PairSource& pairs, std::span<const AdviserId> kept, double more)
        : pairs_(pairs), kept_(kept), more_(more) {}

    [[nodiscard]] std::size_t firms() const override { return pairs_.firms(); }
    [[nodiscard]] std::size_t advisers() const override { return pairs_.advisers(); }
    [[nodiscard]] bool eligible(FirmId i, AdviserId j) const override {
        return pairs_.eligible(i, j);
    }
    [[nodiscard]] double utility(FirmId i, AdviserId j) const override {
        const double u = pairs_.utility(i, j);
        return kept_[i] == j ? kept_value(u, more_) : u;
    }
    [[nodiscard]] double utility_limit() const override {
        return kept_value(pairs_.utility_limit(), more_);
    }
    [[nodiscard]] double utility_size() const override {
        return kept_value(pairs_.utility_size(), more_);
    }
    [[nodiscard]] std::string reason(FirmId i, AdviserId j) const override {
        return pairs_.reason(i, j);
    }

    void best(std::span<const FirmId> who, std::span<const double> prices, CandidateLists& lists,
              unsigned threads, const Control& control, double least = -HUGE_VAL) const override {
        without_more(who, lists, threads);
        pairs_.best(who, prices, lists, threads, control, least);
        if (!control.stop()) with_more(who, prices, lists, threads, least);
    }
    void best_spread(std::span<const FirmId> who, std::span<const double> prices,
                     CandidateLists& lists, unsigned threads, const Control& control,
                     double least = -HUGE_VAL) const override {
        without_more(who, lists, threads);
        pairs_.best_spread(who, prices, lists, threads, control, least);
        if (!control.stop()) with_more(who, prices, lists, threads, least);
    }

    [[nodiscard]] std::vector<ValuedPair> above(std::span<const FirmId> who,
                                                std::span<const double> prices,
                                                std::span<const double> threshold, unsigned threads,
                                                const Control& control) const override {
        const auto found = pairs_.above(who, prices, threshold, threads, control);
        std::vector<ValuedPair> all;
        all.reserve(found.size());
        std::size_t at = 0;
        for (const FirmId i : who) {
            const auto first = static_cast<std::ptrdiff_t>(all.size());
            const AdviserId own = kept_[i];
            for (; at < found.size() && found[at].firm == i; ++at) {
                if (found[at].adviser != own) all.push_back(found[at]);
            }
            if (!own.known()) continue;
            const double value = utility(i, own);
            if (value - prices[own] < threshold[i]) continue;
            const auto place = std::find_if(all.begin() + first, all.end(),
                                            [&](const auto& p) { return own < p.adviser; });
            all.insert(place, {i, own, value});
        }
        return all;
    }

  private:
    static constexpr std::size_t chunk = 1'024;

    /// What lists hold is a hint for the other source, which knows its own utilities only.
    void without_more(std::span<const FirmId> who, CandidateLists& lists, unsigned threads) const {
        parallel_chunks(who.size(), chunk, threads, [&](std::size_t begin, std::size_t end) {
            for (std::size_t k = begin; k < end; ++k) {
                const FirmId i = who[k];
                if (!kept_[i].known()) continue;
                for (Candidate& c : lists.slots(i).first(lists.of(i).size())) {
                    if (c.adviser == kept_[i])
                        c.value = static_cast<float>(pairs_.utility(i, c.adviser));
                }
            }
        });
    }
    void with_more(std::span<const FirmId> who, std::span<const double> prices,
                   CandidateLists& lists, unsigned threads, double least) const {
        parallel_chunks(who.size(), chunk, threads, [&](std::size_t begin, std::size_t end) {
            for (std::size_t k = begin; k < end; ++k) {
                if (kept_[who[k]].known()) put_own(who[k], prices, lists, least);
            }
        });
    }
    void put_own(FirmId i, std::span<const double> prices, CandidateLists& lists,
                 double least) const {
        const AdviserId own = kept_[i];
        const double value = utility(i, own), net = value - prices[own];
        const auto slots = lists.slots(i);
        std::size_t count = lists.of(i).size();
        double outside = lists.outside(i);
        const auto at = [&](std::size_t k) {
            return slots.begin() + static_cast<std::ptrdiff_t>(k);
        };
        const auto listed = std::find_if(slots.begin(), at(count),
                                         [&](const Candidate& c) { return c.adviser == own; });
        if (listed != at(count)) {
            std::move(listed + 1, at(count), listed);
            --count;
        } else if (net < least) {
            return;  // an outside value that is not below `least` stands for it already
        }
        // Only the first place decides bounds; there single precision would not do.
        std::size_t place = 0;
        while (place < count) {
            const AdviserId j = slots[place].adviser;
            const double other =
                place == 0 ? pairs_.utility(i, j) : static_cast<double>(slots[place].value);
            if (net > other - prices[j]) break;
            ++place;
        }
        if (count == slots.size()) {
            if (place == count) return lists.finish(i, count, std::max(outside, net));
            const AdviserId last = slots[count - 1].adviser;
            outside = std::max(outside, pairs_.utility(i, last) - prices[last]);
            --count;
        }
        std::move_backward(at(place), at(count), at(count + 1));
        slots[place] = {own, static_cast<float>(value)};
        lists.finish(i, count + 1, outside);
    }

    const PairSource& pairs_;
    std::span<const AdviserId> kept_;
    double more_;
};

}  // namespace libmatch
