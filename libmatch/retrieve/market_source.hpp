// Pairs of a programme of a market, found without forming the n x m matrix.
//
// Problem: the K best advisers of each firm at given prices, over all advisers, proven exact.
//
// Method: per place, the advisers that serve it are ordered by `common part - price` (serving.hpp).
// A firm goes down this order block by block and stops as soon as `common part - price + full
// coverage + its largest bonus` falls under its K-th best (a threshold algorithm). Within a block,
// net values in single precision, with a margin that covers their rounding, say which pairs may
// count; only those are looked at one by one, and only what may be among the K best is scored in
// full.
//
// Complexity: O(sum over places of advisers that serve it + visited pairs x skills / lanes);
// visited pairs <= n m, in practice a few percent. Memory O(firms + advisers). Deterministic for
// any number of threads.
//
// Source: R. Fagin, A. Lotem, M. Naor, "Optimal aggregation algorithms for middleware", JCSS 66,
// 2003.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <string>

#include <libmatch/retrieve/serving.hpp>
#include <libmatch/retrieve/source.hpp>
#include <libmatch/score/scorer.hpp>

namespace libmatch {

class MarketSource final : public PairSource {
  public:
    /// The scorer must outlive the source.
    explicit MarketSource(const Scorer& scorer)
        : scorer_(&scorer),
          serving_(scorer),
          skills_(static_cast<std::size_t>(scorer.market().firms.need.rows())),
          rounding_(static_cast<double>(skills_ + 4) * 0x1p-23 * scorer.programme().coverage +
                    1e-9) {}

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
    [[nodiscard]] double utility_limit() const override { return scorer_->score_limit(); }
    [[nodiscard]] std::string reason(FirmId i, AdviserId j) const override {
        return std::string(name(scorer_->exclusion(i, j)));
    }

    void best(std::span<const FirmId> who, std::span<const double> prices, CandidateLists& lists,
              unsigned threads, const Control& control, double least = -HUGE_VAL) const override {
        const Batch batch(*this, who);
        const detail::Ranking anywhere = rank_anywhere(prices);
        parallel_chunks(batch.pieces(), pieces_per_chunk, threads,
                        [&](std::size_t begin, std::size_t end) {
                            detail::KeepBest keep(lists.width());
                            View view(*this, anywhere);
                            for (std::size_t g = begin; g < end; ++g) {
                                rank(batch.place(g), prices, view.local);
                                for (const std::uint32_t at : batch.members(g)) {
                                    if (control.stop()) return;
                                    const FirmId i = who[at];
                                    keep.clear(2 * rounding_, least);
                                    keep.promise(detail::least_listed(lists, i, prices));
                                    scan(i, view, keep);
                                    // Until here `value` held the common part.
                                    keep.refine([&](detail::KeepBest::Entry& e) {
                                        e.value = scorer_->score_with(e.value, i, e.adviser);
                                        e.net = e.value - prices[e.adviser];
                                    });
                                    keep.write(i, lists);
                                }
                            }
                        });
    }

    [[nodiscard]] std::vector<ValuedPair> above(std::span<const FirmId> who,
                                                std::span<const double> prices,
                                                std::span<const double> threshold, unsigned threads,
                                                const Control& control) const override {
        const Batch batch(*this, who);
        const detail::Ranking anywhere = rank_anywhere(prices);
        std::vector<std::vector<ValuedPair>> found((batch.pieces() + pieces_per_chunk - 1) /
                                                   pieces_per_chunk);
        std::vector<std::uint32_t> count(who.size(), 0);
        parallel_chunks(
            batch.pieces(), pieces_per_chunk, threads, [&](std::size_t begin, std::size_t end) {
                auto& part = found[begin / pieces_per_chunk];
                View view(*this, anywhere);
                for (std::size_t g = begin; g < end; ++g) {
                    rank(batch.place(g), prices, view.local);
                    for (const std::uint32_t at : batch.members(g)) {
                        if (control.stop()) return;
                        const FirmId i = who[at];
                        const std::size_t first = part.size();
                        KeepExactlyAbove keep{*scorer_, i, threshold[i], prices, part};
                        scan(i, view, keep);
                        std::sort(
                            part.begin() + static_cast<std::ptrdiff_t>(first), part.end(),
                            [](const auto& a, const auto& b) { return a.adviser < b.adviser; });
                        count[at] = static_cast<std::uint32_t>(part.size() - first);
                    }
                }
            });
        // Parts are in the order of places; the answer is in the order of `who`.
        std::vector<std::size_t> begin(who.size() + 1, 0);
        for (std::size_t k = 0; k < who.size(); ++k) begin[k + 1] = begin[k] + count[k];
        std::vector<ValuedPair> all(begin.back());
        for (std::size_t c = 0; c < found.size(); ++c) {
            auto from = found[c].begin();
            const std::size_t last = std::min(batch.pieces(), (c + 1) * pieces_per_chunk);
            for (std::size_t g = c * pieces_per_chunk; g < last; ++g) {
                for (const std::uint32_t at : batch.members(g)) {
                    std::copy_n(from, count[at],
                                all.begin() + static_cast<std::ptrdiff_t>(begin[at]));
                    from += count[at];
                }
            }
            found[c] = {};
        }
        return all;
    }

  private:
    static constexpr std::size_t pieces_per_chunk = 16;
    static constexpr std::size_t firms_per_piece = 2'048;  ///< so that no city holds one thread up

    /// Positions of `who` grouped by place, large places in several pieces.
    class Batch {
      public:
        Batch(const MarketSource& source, std::span<const FirmId> who) : order_(who.size()) {
            const Market& market = source.scorer_->market();
            const auto& place = market.firms.place;
            std::vector<std::uint32_t> next(market.places.size() + 1, 0);
            for (const FirmId i : who) ++next[place[i] + 1];
            for (std::size_t p = 0; p + 1 < next.size(); ++p) {
                for (std::uint32_t done = 0; done < next[p + 1]; done += firms_per_piece) {
                    place_.emplace_back(p);
                    begin_.push_back(next[p] + done);
                }
                next[p + 1] += next[p];
            }
            begin_.push_back(static_cast<std::uint32_t>(who.size()));
            for (std::size_t k = 0; k < who.size(); ++k)
                order_[next[place[who[k]]]++] = static_cast<std::uint32_t>(k);
        }
        [[nodiscard]] std::size_t pieces() const { return place_.size(); }
        [[nodiscard]] PlaceId place(std::size_t g) const { return place_[g]; }
        [[nodiscard]] std::span<const std::uint32_t> members(std::size_t g) const {
            return std::span(order_).subspan(begin_[g], begin_[g + 1] - begin_[g]);
        }

      private:
        std::vector<std::uint32_t> order_;
        std::vector<PlaceId> place_;
        std::vector<std::uint32_t> begin_;
    };

    /// What a thread needs to go through the advisers of one firm after another.
    struct View {
        View(const MarketSource& source, const detail::Ranking& everywhere)
            : anywhere(everywhere),
              local(source.scorer_->market()),
              weight(source.skills_),
              need(source.skills_) {}
        const detail::Ranking& anywhere;
        detail::Ranking local;
        std::vector<float> weight, need;
    };

    /// Keeps every pair whose score in full reaches the threshold.
    struct KeepExactlyAbove {
        const Scorer& scorer;
        FirmId firm;
        double threshold;
        std::span<const double> prices;
        std::vector<ValuedPair>& out;
        [[nodiscard]] double floor() const { return threshold; }
        void offer(AdviserId j, double common, double) {
            const double value = scorer.score_with(common, firm, j);
            if (value - prices[j] >= threshold) out.push_back({firm, j, value});
        }
        void skipped() {}
    };

    /// The order of those who look the same from everywhere, laid out whole: threads share it.
    [[nodiscard]] detail::Ranking rank_anywhere(std::span<const double> prices) const {
        detail::Ranking ranking(scorer_->market());
        for (const AdviserId j : serving_.anywhere())
            ranking.add(j, scorer_->common(PlaceId(0U), j), prices[j]);
        if (ranking.blocks() > 0) ranking.reach(ranking.blocks() - 1);
        return ranking;
    }
    void rank(PlaceId place, std::span<const double> prices, detail::Ranking& local) const {
        local.clear();
        serving_.each_at(place,
                         [&](AdviserId j, double common) { local.add(j, common, prices[j]); });
    }

    /// Offers (adviser, common part, net value within rounding_) of every eligible pair of the firm
    /// that may reach keep.floor().
    template <class Keep>
    void scan(FirmId i, View& view, Keep& keep) const {
        if (scorer_->firm_rule(i) != Exclusion::none) return;
        double extra = 0;  // bonuses are left out of the single-precision sums
        for (const PairNote& note : scorer_->notes(i)) {
            if (note.kind == PairKind::bonus && note.value > 0) extra += note.value;
        }
        const double full = scorer_->weighted_needs(i, view.weight, view.need);
        const double most = full + extra + rounding_;
        // Both orders are gone through together, the better head first.
        std::size_t near = 0, far = 0;
        const std::size_t near_end = view.local.blocks(), far_end = view.anywhere.blocks();
        while (near < near_end || far < far_end) {
            if (near < near_end && !view.local.reached(near)) view.local.reach(near);
            const bool take_near =
                near < near_end &&
                (far == far_end || view.local.head(near) >= view.anywhere.head(far));
            const detail::Ranking& ranking = take_near ? view.local : view.anywhere;
            const std::size_t b = take_near ? near++ : far++;
            if (ranking.head(b) + most < keep.floor()) {
                keep.skipped();
                return;
            }
            look_at(i, ranking, b, extra, view, keep);
        }
    }

    template <class Keep>
    void look_at(FirmId i, const detail::Ranking& ranking, std::size_t b, double extra,
                 const View& view, Keep& keep) const {
        float covered[detail::block_advisers];
        const double head = ranking.head(b);
        const double least = keep.floor() - head - extra - rounding_;
        std::uint32_t reached = coverage_(view.weight.data(), view.need.data(), ranking.skill(b),
                                          skills_, ranking.offsets(b), round_down(least), covered);
        const auto entries = ranking.entries(b);
        if (static_cast<std::size_t>(std::popcount(reached)) < entries.size()) keep.skipped();
        for (; reached != 0; reached &= reached - 1) {
            const auto lane = static_cast<std::size_t>(std::countr_zero(reached));
            if (lane >= entries.size()) break;
            const auto& e = entries[lane];
            const double net = e.net + static_cast<double>(covered[lane]);
            if (net + extra + rounding_ < keep.floor()) {
                keep.skipped();
                continue;
            }
            if (scorer_->pair_rule(i, e.adviser) != Exclusion::none) continue;
            keep.offer(e.adviser, e.common, net + scorer_->bonus(i, e.adviser));
        }
    }
    /// A single-precision number that is not above x, even by rounding.
    static float round_down(double x) { return static_cast<float>(x - std::fabs(x) * 0x1p-22); }

    const Scorer* scorer_;
    detail::Serving serving_;
    std::size_t skills_;
    double rounding_;  ///< what a net value of look_at may be wrong by
    detail::CoverageBlock coverage_ = detail::coverage_block();
};

}  // namespace libmatch
