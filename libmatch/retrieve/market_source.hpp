// Pairs of a programme of a market, found without forming the n x m matrix.
//
// Problem: the K best advisers of each firm at given prices, over all advisers, proven exact.
// Method: territory, distance, proximity, trust and price are common to all firms of a place. Per
// place, the advisers that serve it are sorted once by `common part - price`; each firm walks that
// order and stops as soon as `common part - price + best possible coverage + its largest bonus`
// falls under its K-th best (a threshold algorithm: R. Fagin, A. Lotem, M. Naor, "Optimal
// aggregation algorithms for middleware", JCSS 66, 2003). Complexity: O(P m log m + visited pairs x
// skills) for P distinct places; visited pairs <= n m, in practice far fewer. Deterministic for any
// number of threads.
#pragma once

#include <numeric>
#include <string>

#include <libmatch/retrieve/source.hpp>
#include <libmatch/score/scorer.hpp>

namespace libmatch {

class MarketSource final : public PairSource {
  public:
    /// The scorer must outlive the source.
    explicit MarketSource(const Scorer& scorer) : scorer_(&scorer) {
        for (std::size_t j = 0; j < advisers(); ++j) {
            if (scorer.adviser_rule_of(AdviserId(j)) == Exclusion::none) usable_.emplace_back(j);
        }
    }

    [[nodiscard]] std::size_t firms() const override { return scorer_->market().firms.size(); }
    [[nodiscard]] std::size_t advisers() const override {
        return scorer_->market().advisers.size();
    }
    [[nodiscard]] bool eligible(FirmId i, AdviserId j) const override {
        return scorer_->exclusion(i, j) == Exclusion::none;
    }
    [[nodiscard]] double utility(FirmId i, AdviserId j) const override {
        return scorer_->score(i, j);
    }
    [[nodiscard]] std::string reason(FirmId i, AdviserId j) const override {
        return std::string(name(scorer_->exclusion(i, j)));
    }

    void best(std::span<const FirmId> who, std::span<const double> prices, CandidateLists& lists,
              unsigned threads, const Control& control) const override {
        const Batch batch(*this, who);
        parallel_chunks(batch.places(), places_per_chunk, threads,
                        [&](std::size_t begin, std::size_t end) {
                            detail::KeepBest keep(lists.width());
                            std::vector<Ranked> ranked;
                            for (std::size_t g = begin; g < end && !control.stop(); ++g) {
                                rank(batch.place(g), prices, ranked);
                                for (const std::uint32_t at : batch.members(g)) {
                                    keep.clear();
                                    scan(who[at], ranked, prices, keep);
                                    keep.write(who[at], lists);
                                }
                            }
                        });
    }

    [[nodiscard]] std::vector<ValuedPair> above(std::span<const FirmId> who,
                                                std::span<const double> prices,
                                                std::span<const double> threshold, unsigned threads,
                                                const Control& control) const override {
        const Batch batch(*this, who);
        std::vector<std::vector<ValuedPair>> found(who.size());
        parallel_chunks(
            batch.places(), places_per_chunk, threads, [&](std::size_t begin, std::size_t end) {
                std::vector<Ranked> ranked;
                for (std::size_t g = begin; g < end && !control.stop(); ++g) {
                    rank(batch.place(g), prices, ranked);
                    for (const std::uint32_t at : batch.members(g)) {
                        detail::KeepAbove keep(who[at], threshold[who[at]], found[at]);
                        scan(who[at], ranked, prices, keep);
                        std::sort(
                            found[at].begin(), found[at].end(),
                            [](const auto& a, const auto& b) { return a.adviser < b.adviser; });
                    }
                }
            });
        std::vector<ValuedPair> all;
        for (const auto& part : found) all.insert(all.end(), part.begin(), part.end());
        return all;
    }

  private:
    static constexpr std::size_t places_per_chunk = 16;

    /// An adviser as all firms of one place see it.
    struct Ranked {
        double common = 0;  ///< weighted proximity and trust
        double net = 0;     ///< common - price
        AdviserId adviser;
    };

    /// Positions of `who` grouped by place.
    class Batch {
      public:
        Batch(const MarketSource& source, std::span<const FirmId> who) : order_(who.size()) {
            const auto& place = source.scorer_->market().firms.place;
            std::iota(order_.begin(), order_.end(), 0U);
            std::stable_sort(order_.begin(), order_.end(),
                             [&](auto a, auto b) { return place[who[a]] < place[who[b]]; });
            for (std::size_t k = 0; k < order_.size(); ++k) {
                const PlaceId p = place[who[order_[k]]];
                if (place_.empty() || !(place_.back() == p)) {
                    place_.push_back(p);
                    begin_.push_back(k);
                }
            }
            begin_.push_back(order_.size());
        }
        [[nodiscard]] std::size_t places() const { return place_.size(); }
        [[nodiscard]] PlaceId place(std::size_t g) const { return place_[g]; }
        [[nodiscard]] std::span<const std::uint32_t> members(std::size_t g) const {
            return std::span(order_).subspan(begin_[g], begin_[g + 1] - begin_[g]);
        }

      private:
        std::vector<std::uint32_t> order_;
        std::vector<PlaceId> place_;
        std::vector<std::size_t> begin_;
    };

    void rank(PlaceId place, std::span<const double> prices, std::vector<Ranked>& ranked) const {
        ranked.clear();
        for (const AdviserId j : usable_) {
            if (scorer_->place_rule(place, j) != Exclusion::none) continue;
            const double common = scorer_->common(place, j);
            ranked.push_back({common, common - prices[j], j});
        }
        std::sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
            return a.net != b.net ? a.net > b.net : a.adviser < b.adviser;
        });
    }

    template <class Keep>
    void scan(FirmId i, const std::vector<Ranked>& ranked, std::span<const double> prices,
              Keep& keep) const {
        if (scorer_->firm_rule(i) != Exclusion::none) return;
        // Nothing can add more to the common part than full coverage and all positive bonuses; the
        // margin covers rounding, so the stop is proven.
        double most = scorer_->programme().coverage + rounding_margin;
        for (const PairNote& note : scorer_->notes(i)) {
            if (note.kind == PairKind::bonus && note.value > 0) most += note.value;
        }
        for (const Ranked& r : ranked) {
            if (r.net + most < keep.floor()) {
                keep.skipped();
                return;
            }
            if (scorer_->pair_rule(i, r.adviser) != Exclusion::none) continue;
            const double value = scorer_->score_with(r.common, i, r.adviser);
            keep.offer(r.adviser, value, value - prices[r.adviser]);
        }
    }

    static constexpr double rounding_margin = 1e-9;
    const Scorer* scorer_;
    std::vector<AdviserId> usable_;
};

}  // namespace libmatch
