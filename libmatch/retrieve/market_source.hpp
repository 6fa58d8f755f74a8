// Pairs of a programme of a market, found without forming the n x m matrix.
//
// Problem: the K best advisers of each firm at given prices, over all advisers, proven exact.
//
// Method: a filter, then the score in full. The advisers that serve a place lie in blocks
// (serving.hpp); net values in whole steps of 16 bits (net_block.hpp), with a proven bound on what
// steps round away, tell how good the K-th best is at least, and so which pairs may be among the K
// best. Only these are scored in full. Rough lists, for auctions that are proven afterwards, take
// the steps for values and score nothing in full.
//
// Complexity: O(sum over places of advisers that serve it + pairs of firms and advisers that serve
// their place x skills / 64); about K scores in full per firm. Memory O(firms + advisers).
// Deterministic for any number of threads.
#pragma once

#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <string>

#include <libmatch/model/plan.hpp>
#include <libmatch/retrieve/serving.hpp>
#include <libmatch/retrieve/source.hpp>
#include <libmatch/score/scorer.hpp>

namespace libmatch {

class MarketSource final : public PairSource {
  public:
    /// The scorer must outlive the source. `threads`: of the preparation, which `control` stops.
    explicit MarketSource(const Scorer& scorer, unsigned threads = 1,
                          const Control* control = nullptr)
        : scorer_(&scorer),
          steps_(scorer),
          kinds_(scorer),
          codes_(scorer, steps_, kinds_, threads),
          serving_(scorer, steps_, kinds_, threads, control),
          rough_error_(codes_.mean_error()),
          rounding_(static_cast<double>(scorer.market().firms.need.rows() + 4) * 0x1p-23 *
                        scorer.programme().coverage +
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
    /// Since the source was made.
    [[nodiscard]] PairsSeen seen() const {
        return {counts_.lists.load(), counts_.filtered.load(), counts_.scored.load()};
    }
    [[nodiscard]] std::string reason(FirmId i, AdviserId j) const override {
        return std::string(name(scorer_->exclusion(i, j)));
    }

    void best(std::span<const FirmId> who, std::span<const double> prices, CandidateLists& lists,
              unsigned threads, const Control& control, double least = -HUGE_VAL) const override {
        const auto fetch = [this](FirmId i) { prefetch(i); };
        list_by_place(who, prices, lists, threads, control, fetch,
                      [&](FirmId i, View& view, detail::KeepBest& keep) {
                          keep.clear(least);
                          keep.promise(detail::least_listed(lists, i, prices));
                          scan(i, view, keep);
                          keep.write(i, lists);
                      });
    }

    void best_roughly(std::span<const FirmId> who, std::span<const double> prices,
                      CandidateLists& lists, unsigned threads, const Control& control,
                      double least = -HUGE_VAL) const override {
        const auto fetch = [this](FirmId i) { codes_.prefetch(i); };
        list_by_place(who, prices, lists, threads, control, fetch,
                      [&](FirmId i, View& view, detail::KeepBest& keep) {
                          if (list_roughly(i, view, least, lists)) return;
                          keep.clear(least);
                          scan(i, view, keep);
                          keep.write(i, lists);
                      });
    }
    [[nodiscard]] double rough_error() const override { return rough_error_; }
    [[nodiscard]] double rough_error_of(FirmId i) const override {
        return static_cast<double>(codes_.of(i).error) + rounding_;
    }

    [[nodiscard]] std::vector<ValuedPair> above(std::span<const FirmId> who,
                                                std::span<const double> prices,
                                                std::span<const double> threshold, unsigned threads,
                                                const Control& control) const override {
        const Batch batch(*this, who);
        const detail::PricedServing priced(serving_, prices);
        std::vector<std::vector<ValuedPair>> found((batch.pieces() + pieces_per_chunk - 1) /
                                                   pieces_per_chunk);
        std::vector<std::uint32_t> count(who.size(), 0);
        parallel_chunks(
            batch.pieces(), pieces_per_chunk, threads, [&](std::size_t begin, std::size_t end) {
                auto& part = found[begin / pieces_per_chunk];
                View view(priced, counts_);
                for (std::size_t g = begin; g < end; ++g) {
                    view.come_to(batch.place(g));
                    for (const std::uint32_t at : batch.members(g)) {
                        if (control.stop()) return;
                        const FirmId i = who[at];
                        const std::size_t first = part.size();
                        detail::KeepAbove keep(i, threshold[i], part);
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
    static constexpr std::size_t ahead = 4;       ///< firms between asking for one and reading it
    static constexpr std::size_t stride = 7'919;  ///< a prime: neighbours begin far apart
    static constexpr std::size_t pieces_per_chunk = 16;
    static constexpr std::uint32_t nobody = 0xffffffff;
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

    /// The advisers that serve a place, and one firm's net values with them.
    struct Counts {
        std::atomic<std::uint64_t> lists{0}, filtered{0}, scored{0};
    };
    struct View {
        View(const detail::PricedServing& priced, Counts& all) : place(priced), counts(&all) {}
        View(const View&) = delete;
        View& operator=(const View&) = delete;
        ~View() {
            counts->lists += lists;
            counts->filtered += filtered;
            counts->scored += scored;
        }
        void come_to(PlaceId p) {
            place.come_to(p);
            net.resize(place.size());
            found.resize(place.size());
        }

        detail::PlaceView place;
        std::vector<std::int16_t> net;     ///< per position, in steps
        std::vector<std::uint32_t> found;  ///< positions
        Counts* counts;                    ///< of all threads
        std::uint64_t lists = 0, filtered = 0, scored = 0;
        int usual_depth = 64;  ///< steps from the best pair to the K-th; speed only
    };

    /// Calls write(i, view of its place, keep) for every firm, place by place. `fetch` asks the
    /// processor for what is read of a firm.
    template <class Fetch, class Write>
    void list_by_place(std::span<const FirmId> who, std::span<const double> prices,
                       const CandidateLists& lists, unsigned threads, const Control& control,
                       const Fetch& fetch, const Write& write) const {
        const Batch batch(*this, who);
        const detail::PricedServing priced(serving_, prices);
        parallel_chunks(batch.pieces(), pieces_per_chunk, threads,
                        [&](std::size_t begin, std::size_t end) {
                            detail::KeepBest keep(lists.width());
                            View view(priced, counts_);
                            for (std::size_t g = begin; g < end; ++g) {
                                view.come_to(batch.place(g));
                                const auto members = batch.members(g);
                                for (std::size_t k = 0; k < members.size(); ++k) {
                                    if (control.stop()) return;
                                    if (k + ahead < members.size()) {
                                        fetch(who[members[k + ahead]]);
                                        lists.prefetch(who[members[k + ahead]]);
                                    }
                                    write(who[members[k]], view, keep);
                                }
                            }
                        });
    }

    /// Offers every eligible pair of the firm that may reach keep.floor() and be one of the
    /// keep.wanted() best.
    template <class Keep>
    void scan(FirmId i, View& view, Keep& keep) const {
        const detail::FirmCodes::Code& firm = codes_.of(i);
        if (!firm.meets || view.net.empty()) return;
        const int highest = net_values(i, firm, view);
        const auto notes = firm.noted ? scorer_->notes(i) : std::span<const PairNote>();

        const double error = rough_error_of(i) + std::fabs(view.place.low()) * 0x1p-45;
        const auto lanes = view.net.size();
        int from = steps_.below(keep.floor() - error, view.place.low());
        if (keep.wanted() > 0 && firm.sorted) {
            // A pair with a note may be worth less than its steps say, or nothing.
            const int enough = enough_from(keep.wanted() + notes.size(),
                                           std::max<int>(from, firm.trusted), highest, view);
            from = std::max(from, enough - static_cast<int>(2 * error / steps_.net()) - 1);
        }
        from = std::max(from, detail::excluded_net + 1);
        const std::size_t found =
            from > highest ? 0
                           : kernel_.find(view.net.data(), lanes, static_cast<std::int16_t>(from),
                                          view.found.data());
        if ((found <= keep.wanted() + notes.size() || !firm.sorted) &&
            found < kernel_.count(view.net.data(), lanes, detail::excluded_net + 1)) {
            keep.skipped();
        }
        // Full coverage may be what ties them all.
        const double covered = firm.asked > 0 ? scorer_->programme().coverage : 0;
        const auto offer = [&](AdviserId j, double common) {
            if (!firm.noted && common + covered - view.place.price(j) < keep.floor())
                return keep.skipped();
            ++view.scored;
            const double value = firm.noted
                                     ? scorer_->score_with(common, i, j, firm.asked)
                                     : scorer_->score_without_notes(common, i, j, firm.asked);
            keep.offer(j, value, value - view.place.price(j));
        };
        const auto parts = view.place.parts();
        std::size_t s = 0;
        const auto meet = [&](std::uint32_t at) {
            while (s + 1 < parts.size() && at >= parts[s + 1].first) ++s;
            const AdviserId j = parts[s].shelf->adviser(at - parts[s].first);
            if ((!firm.sorted || firm.noted) && scorer_->pair_rule(i, j) != Exclusion::none) return;
            // Those with a bonus have their turn below.
            if (!raised(notes, j)) offer(j, view.place.common(parts[s], at));
        };
        std::uint32_t first = nobody;
        if (keep.wanted() == 1 && found > 1) {
            // The likely best one raises the floor for the others.
            first = *std::max_element(
                view.found.begin(), view.found.begin() + static_cast<std::ptrdiff_t>(found),
                [&](std::uint32_t a, std::uint32_t b) { return view.net[a] < view.net[b]; });
            meet(first);
            s = 0;
        }
        for (const std::uint32_t at : std::span(view.found).first(found)) {
            if (at != first) meet(at);
        }
        for (std::size_t k = 0; k < notes.size(); ++k) {
            const AdviserId j = notes[k].adviser;
            if (raised(notes.subspan(k), j) && !raised(notes.first(k), j) && eligible(i, j))
                offer(j, scorer_->common(scorer_->market().firms.place[i], j));
        }
    }

    /// Lists a firm's best pairs by their steps alone. False where steps do not tell enough.
    bool list_roughly(FirmId i, View& view, double least, CandidateLists& lists) const {
        const detail::FirmCodes::Code& firm = codes_.of(i);
        if (!firm.meets || view.net.empty() || firm.noted || !firm.sorted) return false;
        const int highest = net_values(i, firm, view);
        const double low = view.place.low();
        const int bottom = std::max<int>(steps_.below(least, low) + 1, firm.trusted);
        // A quarter more may be found than was wanted.
        const std::size_t wanted = std::max<std::size_t>(1, lists.width() * 3 / 4);
        const int from = std::max(bottom, enough_from(wanted, bottom, highest, view));
        const auto lanes = view.net.size();
        const std::size_t found =
            from > highest ? 0
                           : kernel_.find(view.net.data(), lanes, static_cast<std::int16_t>(from),
                                          view.found.data());
        // Where more tie at the last step than fit, firms list different ones.
        const std::size_t width = lists.width();
        const std::size_t better =
            found <= width
                ? found
                : kernel_.count(view.net.data(), lanes, static_cast<std::int16_t>(from + 1));
        if (better > width) return false;
        const std::size_t ties = found - better, fitting = width - better;
        std::size_t tie = ties > 0 ? i * stride % ties : 0;
        const auto parts = view.place.parts();
        const auto slots = lists.slots(i);
        std::size_t s = 0, listed = 0;
        for (const std::uint32_t at : std::span(view.found).first(found)) {
            while (s + 1 < parts.size() && at >= parts[s + 1].first) ++s;
            if (ties > 0 && view.net[at] == from && tie++ % ties >= fitting) continue;
            const AdviserId j = parts[s].shelf->adviser(at - parts[s].first);
            slots[listed++] = {
                j, static_cast<float>(steps_.value(view.net[at], low) + view.place.price(j))};
        }
        const bool all = listed == kernel_.count(view.net.data(), lanes, detail::excluded_net + 1);
        lists.finish(i, listed, all ? -HUGE_VAL : steps_.value(from, low));
        return true;
    }

    /// Whether a bonus may lift the pair above its steps.
    [[nodiscard]] bool raised(std::span<const PairNote> notes, AdviserId j) const {
        return std::any_of(notes.begin(), notes.end(), [&](const PairNote& note) {
            return note.adviser == j && note.kind == PairKind::bonus && note.value > 0 &&
                   scorer_->applies(note);
        });
    }

    void prefetch(FirmId i) const {
        codes_.prefetch(i);
#if defined(__GNUC__)
        __builtin_prefetch(
            scorer_->market().firms.need.col(static_cast<Eigen::Index>(i.value)).data());
        __builtin_prefetch(scorer_->weights(i).data());
#endif
    }

    /// Fills view.net; returns the highest.
    int net_values(FirmId i, const detail::FirmCodes::Code& firm, View& view) const {
        const detail::NeedCode needs = codes_.needs(i);
        ++view.lists;
        view.filtered += view.net.size();
        int highest = detail::excluded_net;
        for (const detail::PlaceView::Part& part : view.place.parts()) {
            detail::NetBlocks blocks = part.blocks;
            for (std::size_t rule = 0; rule < detail::FirmKinds::rules; ++rule)
                blocks.mask[rule + 1] = part.shelf->served(rule, firm.kind[rule]);
            highest =
                std::max<int>(highest, kernel_.net(needs, blocks, view.net.data() + part.first));
        }
        return highest;
    }

    /// A net value, in steps, that at least `wanted` advisers reach, and not many more;
    /// excluded_net when so many do not reach `bottom`.
    int enough_from(std::size_t wanted, int bottom, int highest, View& view) const {
        const auto reach = [&](int least) {
            return kernel_.count(view.net.data(), view.net.size(),
                                 static_cast<std::int16_t>(least));
        };
        if (highest < bottom) return detail::excluded_net;
        if (wanted == 1) return highest;
        const std::size_t some = wanted + wanted / 4 + 1;
        int above = highest + 1, depth = std::max(1, view.usual_depth);
        int at = std::max(bottom, highest - depth);
        std::size_t count = reach(at);
        while (count < wanted) {
            if (at == bottom) return detail::excluded_net;
            above = at;
            depth *= 2;
            at = std::max(bottom, highest - depth);
            count = reach(at);
        }
        while (count > some && above - at > 1) {
            const int middle = at + (above - at) / 2;
            const std::size_t here = reach(middle);
            if (here >= wanted) {
                at = middle;
                count = here;
            } else {
                above = middle;
            }
        }
        view.usual_depth = highest - at;
        return at;
    }

    const Scorer* scorer_;
    detail::Steps steps_;
    detail::FirmKinds kinds_;
    detail::FirmCodes codes_;
    detail::Serving serving_;
    mutable Counts counts_;
    double rough_error_;
    double rounding_;  ///< of a score in full, whose coverage is a sum in single precision
    detail::NetKernel kernel_ = detail::net_kernel();
};

}  // namespace libmatch
