// Pairs of a programme of a market, found without forming the n x m matrix.
//
// Problem: the K best advisers of each firm at given prices, over all advisers, proven exact.
//
// Method: the advisers that serve a place lie in blocks of like skills (serving.hpp). For each
// block `best common part - price + coverage by the block's envelope + the firm's largest bonus`
// bounds every net value in it. A firm looks at blocks by falling bound and stops as soon as the
// next bound falls under its K-th best (a threshold algorithm). Within a block, net values in
// single precision, with a margin that covers their rounding, say which pairs may count; only those
// are looked at one by one, and only what may be among the K best is scored in full.
//
// Complexity: O(sum over places of advisers that serve it + visited blocks x skills);
// visited pairs <= n m, in practice far fewer. Memory O(firms + advisers). Deterministic for
// any number of threads.
//
// Source: R. Fagin, A. Lotem, M. Naor, "Optimal aggregation algorithms for middleware", JCSS 66,
// 2003.
#pragma once

#include <array>
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
                    1e-9 + 0x1p-48 * scorer.score_limit()) {}

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
    [[nodiscard]] double utility_size() const override {
        double most = scorer_->score_limit();
        for (std::size_t i = 0; i < firms(); ++i) {
            double lost = 0;
            for (const PairNote& note : scorer_->notes(FirmId(i))) {
                if (note.kind == PairKind::bonus) lost += std::fabs(note.value);
            }
            most = std::max(most, lost);
        }
        return most;
    }
    [[nodiscard]] std::string reason(FirmId i, AdviserId j) const override {
        return std::string(name(scorer_->exclusion(i, j)));
    }

    void best(std::span<const FirmId> who, std::span<const double> prices, CandidateLists& lists,
              unsigned threads, const Control& control, double least = -HUGE_VAL) const override {
        const Batch batch(*this, who);
        const detail::PricedShelf anywhere = serving_.anywhere(prices);
        parallel_chunks(batch.pieces(), pieces_per_chunk, threads,
                        [&](std::size_t begin, std::size_t end) {
                            detail::KeepBest keep(lists.width());
                            View view(*this, anywhere);
                            for (std::size_t g = begin; g < end; ++g) {
                                view.come_to(serving_, batch.place(g), prices);
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
        const detail::PricedShelf anywhere = serving_.anywhere(prices);
        std::vector<std::vector<ValuedPair>> found((batch.pieces() + pieces_per_chunk - 1) /
                                                   pieces_per_chunk);
        std::vector<std::uint32_t> count(who.size(), 0);
        parallel_chunks(
            batch.pieces(), pieces_per_chunk, threads, [&](std::size_t begin, std::size_t end) {
                auto& part = found[begin / pieces_per_chunk];
                View view(*this, anywhere);
                for (std::size_t g = begin; g < end; ++g) {
                    view.come_to(serving_, batch.place(g), prices);
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
        View(const MarketSource& source, const detail::PricedShelf& everywhere)
            : anywhere(everywhere), weight(source.skills_), need(source.skills_) {}

        void come_to(const detail::Serving& serving, PlaceId place,
                     std::span<const double> prices) {
            shelves.clear();
            if (anywhere.shelf->size() > 0) shelves.push_back(&anywhere);
            const std::size_t count = serving.price_at(place, prices, local);
            for (std::size_t s = 0; s < count; ++s) shelves.push_back(&local[s]);
        }

        const detail::PricedShelf& anywhere;
        std::array<detail::PricedShelf, 5> local;
        std::vector<const detail::PricedShelf*> shelves;  ///< that serve the place
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

    /// Offers (adviser, common part, net value within rounding_) of every eligible pair of the firm
    /// that may reach keep.floor().
    template <class Keep>
    void scan(FirmId i, View& view, Keep& keep) const {
        if (scorer_->firm_rule(i) != Exclusion::none) return;
        double extra = 0;  // bonuses are left out of the single-precision sums
        for (const PairNote& note : scorer_->notes(i)) {
            if (note.kind == PairKind::bonus && note.value > 0) extra += note.value;
        }
        scorer_->weighted_needs(i, view.weight, view.need);
        const double slack = extra + rounding_;
        constexpr std::size_t width = detail::block_advisers;
        static constexpr float no_offset[width] = {};
        float covered[width];
        for (const detail::PricedShelf* priced : view.shelves) {
            const std::size_t blocks = priced->shelf->blocks();
            for (std::size_t first = 0; first < blocks; first += width) {
                coverage_(view.weight.data(), view.need.data(),
                          priced->shelf->envelopes(first / width), skills_, no_offset, 0, covered);
                for (std::size_t b = first; b < std::min(blocks, first + width); ++b) {
                    const double most = priced->head[b] + static_cast<double>(covered[b - first]);
                    if (most + slack < keep.floor()) {
                        keep.skipped();
                    } else {
                        look_at(i, *priced, b, slack, view, keep);
                    }
                }
            }
        }
    }

    template <class Keep>
    void look_at(FirmId i, const detail::PricedShelf& priced, std::size_t b, double slack,
                 const View& view, Keep& keep) const {
        float covered[detail::block_advisers];
        const std::size_t begin = b * detail::block_advisers;
        const double least = keep.floor() - priced.head[b] - slack;
        std::uint32_t reached =
            coverage_(view.weight.data(), view.need.data(), priced.shelf->skill(b), skills_,
                      priced.offset.data() + begin, round_down(least), covered);
        if (static_cast<std::size_t>(std::popcount(reached)) <
            std::min(detail::block_advisers, priced.shelf->size() - begin)) {
            keep.skipped();
        }
        for (; reached != 0; reached &= reached - 1) {
            const auto lane = static_cast<std::size_t>(std::countr_zero(reached));
            const std::size_t a = begin + lane;
            if (a >= priced.shelf->size() || priced.net[a] == -HUGE_VAL) continue;
            const AdviserId j = priced.shelf->adviser(a);
            const double net = priced.net[a] + static_cast<double>(covered[lane]);
            if (net + slack < keep.floor()) {
                keep.skipped();
                continue;
            }
            if (scorer_->pair_rule(i, j) != Exclusion::none) continue;
            keep.offer(j, priced.common[a], net + scorer_->bonus(i, j));
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
