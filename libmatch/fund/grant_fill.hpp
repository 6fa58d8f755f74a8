// Lawful grants from prices: filling in order of priority, then exchange of the last euros.
//
// Fill: firms by falling priority, ties by id, each with its best stack at the prices among what
// the budgets still hold; between equal prices every euro counts. Exchange: while a budget has
// euros left, the shortest chain is sought in which a firm takes more of that scheme and gives up
// as much of another one, which the next firm of the chain takes, until a firm has room for more
// aid (augmenting paths, as in maximum flows, over schemes as nodes). Where what is left of a
// budget is under a floor, another firm's grant above its floor makes up the difference, from the
// lowest priority up.
//
// Complexity: O(firms x stacks) for a fill; an exchange looks once at all firms, then takes
// O(schemes^2) per chain. Deterministic: one thread. Source: L. R. Ford, D. R. Fulkerson, "Flows in
// Networks", 1962.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/fund/grant_dual.hpp>

namespace libmatch::detail {

/// Grants by offer, and what they leave.
class GrantBook {
  public:
    explicit GrantBook(const GrantProblem& problem)
        : problem_(&problem),
          given_(problem.most.size(), 0),
          left_(problem.budget),
          room_(problem.room) {}

    [[nodiscard]] Cents total() const { return total_; }
    [[nodiscard]] const std::vector<Cents>& given() const { return given_; }
    [[nodiscard]] Cents left(std::size_t scheme) const { return left_[scheme]; }
    [[nodiscard]] Cents given(const Seeker& s, std::size_t k) const { return given_[s.begin + k]; }

    void change(const Seeker& s, std::size_t k, Cents more) {
        given_[s.begin + k] += more;
        const std::uint32_t scheme = problem_->kinds[s.kind][k];
        if (left_[scheme] < no_limit) left_[scheme] -= more;
        if (s.dossier != Standing::alone) room_[s.dossier] -= more;
        total_ += more;
    }

    /// The most aid that a firm, or its dossier, can still take; `without`: an offer to disregard.
    struct Headroom {
        Cents all = 0, de_minimis = 0;
    };
    [[nodiscard]] Headroom headroom(const Seeker& s) const {
        Headroom h{s.limit, s.de_minimis};
        Cents sum = 0;
        const auto& kind = problem_->kinds[s.kind];
        for (std::size_t k = 0; k < kind.size(); ++k) {
            const Cents g = given_[s.begin + k];
            if (g == 0) continue;
            sum += g;
            if (problem_->line[kind[k]].de_minimis) h.de_minimis -= g;
            if (!problem_->ceiling.empty()) h.all = std::min(h.all, problem_->ceiling[s.begin + k]);
        }
        h.all -= sum;
        if (s.dossier != Standing::alone) h.all = std::min(h.all, room_[s.dossier]);
        return h;
    }
    [[nodiscard]] Cents room(const Seeker& s) const {
        return s.dossier == Standing::alone ? no_limit : room_[s.dossier];
    }

    /// Amounts [low, high] by which an offer can grow when the firm's aid in all may grow by
    /// `all` and `small` (de minimis); high < low when it cannot. `swaps`: another offer shrinks by
    /// as much.
    struct Span {
        Cents low = 1, high = 0;
    };
    [[nodiscard]] Span growth(const Seeker& s, std::size_t k, Cents all, Cents small,
                              bool swaps = false) const {
        const auto& kind = problem_->kinds[s.kind];
        const Offer& line = problem_->line[kind[k]];
        const Cents now = given_[s.begin + k];
        Span span{1, std::min(problem_->most[s.begin + k] - now, all)};
        if (line.de_minimis) span.high = std::min(span.high, small);
        if (now > 0) return span;
        span.low = std::max<Cents>(1, line.floor);
        Cents sum = 0;
        for (std::size_t other = 0; other < kind.size(); ++other) {
            const Cents g = given_[s.begin + other];
            if (g > 0 && line.group != 0 && problem_->line[kind[other]].group == line.group)
                return {};
            sum += g;
        }
        // A scheme with a ceiling of its own brings it along.
        if (problem_->ceiling.empty()) return span;
        const Cents left = problem_->ceiling[s.begin + k] - sum;
        if (left < 0) return {};
        if (!swaps) span.high = std::min(span.high, left);
        return span;
    }
    /// By how much an offer can shrink and keep its floor.
    [[nodiscard]] Cents slack(const Seeker& s, std::size_t k) const {
        const Cents now = given_[s.begin + k];
        return now == 0 ? 0 : now - problem_->line[problem_->kinds[s.kind][k]].floor;
    }

  private:
    const GrantProblem* problem_;
    std::vector<Cents> given_, left_, room_;
    Cents total_ = 0;
};

class GrantFill {
  public:
    /// `order`: positions of seekers, first come first.
    GrantFill(const GrantProblem& problem, const std::vector<std::uint32_t>& order)
        : problem_(problem), order_(order) {}

    /// Each firm takes its best stack at the prices. `part`: what is settled, by offer.
    [[nodiscard]] GrantBook fill(const GrantDual::Prices& price, const GrantDual::Prices& shared,
                                 std::span<const Settled> part = {}) const {
        GrantBook book(problem_);
        Taker taker;
        for (const std::uint32_t at : order_) {
            const Seeker& s = problem_.seekers[at];
            take(taker, book, s, price, shared, true,
                 part.empty() ? part : part.subspan(s.begin, problem_.offers(s)));
        }
        return book;
    }

    /// First each firm takes its best stack at the prices of its part in the mixture that the
    /// master found best, the richer parts in order of priority; then what is left is filled at
    /// `price`.
    [[nodiscard]] GrantBook fill(const GrantDual& dual, const GrantDual::Guide& guide,
                                 const GrantDual::Prices& price,
                                 const GrantDual::Prices& shared) const {
        GrantBook book(problem_);
        Taker taker;
        const auto group_of = [&](std::uint32_t at) {
            const Seeker& s = problem_.seekers[at];
            return dual.group_of(s.dossier == Standing::alone ? at : problem_.alone() + s.dossier);
        };
        std::vector<double> size(dual.groups(), 0), passed(dual.groups(), 0);
        for (const std::uint32_t at : order_) ++size[group_of(at)];
        std::vector<std::uint8_t> rest(problem_.seekers.size(), 0);
        for (const std::uint32_t at : order_) {
            const std::size_t g = group_of(at);
            double place = (passed[g]++ + 0.5) / size[g];
            const GrantDual::Guide::Column* part = nullptr;
            for (const auto& column : guide.of_group[g]) {
                if (place < column.share) {
                    part = &column;
                    break;
                }
                place -= column.share;
            }
            rest[at] = part == nullptr ? 1 : 0;
            if (part != nullptr)
                take(taker, book, problem_.seekers[at], guide.trials[part->trial], shared, false,
                     {});
        }
        for (const std::uint32_t at : order_) {
            const Seeker& s = problem_.seekers[at];
            if (rest[at] != 0) take(taker, book, s, price, shared, true, {});
        }
        return book;
    }

    /// Uses up what budgets have left, as far as chains of exchanges reach, or until the total is
    /// `enough`. Unless `floors`, no firm loses aid.
    void exchange(GrantBook& book, const Control& control, Cents enough = no_limit * 64,
                  bool floors = true) {
        // Looking at a country takes seconds, and later looks bring little.
        const int rounds = order_.size() > 50'000 ? 6 : most_rounds;
        for (int round = 0; round < rounds && book.total() < enough && !control.stop(); ++round) {
            const Cents before = book.total();
            gather(book);
            int chains = 0;
            while (book.total() < enough && chains < most_chains && augment(book)) ++chains;
            if (floors) open_at_floors(book);
            if (book.total() == before) break;
        }
    }

  private:
    static constexpr int most_rounds = 30, most_chains = 4'000;  ///< chains in one round
    static constexpr std::size_t most_listed = 512;  ///< firms per pair of schemes in one round

    struct Taker {
        StackChooser chooser;
        std::vector<Offer> offers;
        std::vector<std::int64_t> weight;
        std::vector<Cents> room, amounts;
    };
    /// `every_euro`: also those that are worth no more than their price.
    void take(Taker& t, GrantBook& book, const Seeker& s, const GrantDual::Prices& price,
              const GrantDual::Prices& shared, bool every_euro,
              std::span<const Settled> part) const {
        problem_.load(s, t.offers);
        t.weight.resize(t.offers.size());
        t.room.resize(t.offers.size());
        const std::int64_t mu =
            shared.empty() || s.dossier == Standing::alone ? 0 : shared[s.dossier];
        for (std::size_t k = 0; k < t.offers.size(); ++k) {
            const std::uint32_t scheme = t.offers[k].scheme;
            t.room[k] = book.left(scheme);
            const std::int64_t net = std::max<std::int64_t>(0, price_one - price[scheme] - mu);
            t.weight[k] = (net << 20) + (every_euro ? 1 : 0);
        }
        const Cents limit = std::min(s.limit, book.room(s));
        if (t.chooser.best(t.offers, limit, s.de_minimis, t.weight, t.amounts, t.room, part) <= 0)
            return;
        for (std::size_t k = 0; k < t.offers.size(); ++k) {
            if (t.amounts[k] > 0) book.change(s, k, t.amounts[k]);
        }
    }

    struct Link {
        std::uint32_t seeker = 0, take = 0, give = 0;  ///< positions of offers
    };

    [[nodiscard]] std::size_t schemes() const { return problem_.budget.size(); }

    /// Firms that could take part in chains, by the scheme they would take and the one they would
    /// give up (or none: the column after the last).
    void gather(const GrantBook& book) {
        const std::size_t n = schemes();
        links_.assign(n * (n + 1), {});
        for (const std::uint32_t at : order_) {
            const Seeker& s = problem_.seekers[at];
            const auto& kind = problem_.kinds[s.kind];
            const auto head = book.headroom(s);
            for (std::size_t k = 0; k < kind.size(); ++k) {
                auto& end = links_[kind[k] * (n + 1) + n];
                const auto grown = book.growth(s, k, head.all, head.de_minimis);
                if (grown.high >= grown.low && end.size() < most_listed)
                    end.push_back({at, static_cast<std::uint32_t>(k), 0});
                for (std::size_t g = 0; g < kind.size(); ++g) {
                    auto& list = links_[kind[k] * (n + 1) + kind[g]];
                    if (g == k || list.size() >= most_listed) continue;
                    const auto span = swap(book, s, k, g);
                    if (span.high >= span.low)
                        list.push_back(
                            {at, static_cast<std::uint32_t>(k), static_cast<std::uint32_t>(g)});
                }
            }
        }
        // Lists are used from the back: who has room for more comes in order of priority.
        for (std::size_t s = 0; s < n; ++s) {
            auto& list = links_[s * (n + 1) + n];
            std::reverse(list.begin(), list.end());
        }
    }

    /// Amounts by which a firm can take more of offer k and less of offer g.
    [[nodiscard]] GrantBook::Span swap(const GrantBook& book, const Seeker& s, std::size_t k,
                                       std::size_t g) const {
        const Cents gives = book.slack(s, g);
        if (gives <= 0) return {};
        const auto& kind = problem_.kinds[s.kind];
        const auto head = book.headroom(s);
        const Cents small = problem_.line[kind[g]].de_minimis ? no_limit : head.de_minimis;
        return book.growth(s, k, gives, small, true);
    }

    /// The first listed firm of a pair of schemes that can still move something.
    [[nodiscard]] GrantBook::Span usable(const GrantBook& book, std::size_t take,
                                         std::size_t give) {
        auto& list = links_[take * (schemes() + 1) + give];
        while (!list.empty()) {
            const Link& l = list.back();
            const Seeker& s = problem_.seekers[l.seeker];
            GrantBook::Span span;
            if (give == schemes()) {
                const auto head = book.headroom(s);
                span = book.growth(s, l.take, head.all, head.de_minimis);
            } else {
                span = swap(book, s, l.take, l.give);
            }
            if (span.high >= span.low) return span;
            list.pop_back();
        }
        return {};
    }

    /// One chain from a budget with euros left to a firm with room for aid.
    bool augment(GrantBook& book) {
        const std::size_t n = schemes();
        std::vector<std::size_t> from(n + 1, n + 1);
        std::vector<std::size_t> queue;
        for (std::size_t s = 0; s < n; ++s) {
            if (book.left(s) <= 0) continue;
            from[s] = s;
            queue.push_back(s);
        }
        for (std::size_t head = 0; head < queue.size(); ++head) {
            const std::size_t s = queue[head];
            for (std::size_t t = n + 1; t-- > 0;) {
                if (t == s || (t < n && from[t] != n + 1)) continue;
                const auto span = usable(book, s, t);
                if (span.high < span.low) continue;
                from[t] = s;
                if (t == n) {
                    apply(book, from);
                    return true;
                }
                queue.push_back(t);
            }
        }
        return false;
    }

    /// Moves along the chain, or drops the link that keeps it from moving.
    void apply(GrantBook& book, const std::vector<std::size_t>& from) {
        const std::size_t n = schemes();
        std::vector<std::size_t> path{n};
        while (path.back() == n || from[path.back()] != path.back())
            path.push_back(from[path.back()]);
        std::reverse(path.begin(), path.end());
        Cents low = 1, high = book.left(path[0]);
        std::vector<std::uint32_t> firms;
        for (std::size_t k = 0; k + 1 < path.size(); ++k) {
            const auto span = usable(book, path[k], path[k + 1]);
            low = std::max(low, span.low);
            high = std::min(high, span.high);
            firms.push_back(links_[path[k] * (n + 1) + path[k + 1]].back().seeker);
        }
        std::sort(firms.begin(), firms.end());
        const bool twice = std::adjacent_find(firms.begin(), firms.end()) != firms.end();
        if (high < low || twice) {
            // The link that asks for most cannot be part of this chain: the next firm may.
            std::size_t worst = 0;
            Cents asks = 0;
            for (std::size_t k = 0; k + 1 < path.size(); ++k) {
                const auto span = usable(book, path[k], path[k + 1]);
                if (span.low > asks) {
                    asks = span.low;
                    worst = k;
                }
            }
            links_[path[worst] * (n + 1) + path[worst + 1]].pop_back();
            return;
        }
        for (std::size_t k = 0; k + 1 < path.size(); ++k) {
            const Link l = links_[path[k] * (n + 1) + path[k + 1]].back();
            const Seeker& s = problem_.seekers[l.seeker];
            if (path[k + 1] < n) book.change(s, l.give, -high);
            book.change(s, l.take, high);
        }
    }

    /// Budgets with less left than a floor: other grants above their floors make up for it.
    void open_at_floors(GrantBook& book) {
        for (std::size_t scheme = 0; scheme < schemes(); ++scheme) {
            const Cents left = book.left(scheme), floor = problem_.line[scheme].floor;
            if (left <= 0 || left >= floor) continue;
            for (const std::uint32_t at : order_) {
                const Seeker& s = problem_.seekers[at];
                const std::size_t k = position(s, scheme);
                if (k == no_position || book.given(s, k) > 0) continue;
                const auto head = book.headroom(s);
                const auto span = book.growth(s, k, head.all, head.de_minimis);
                if (span.high < span.low) continue;
                if (give_up(book, scheme, floor - left, at)) {
                    book.change(s, k, floor);
                    break;
                }
                break;
            }
        }
    }

    /// Takes `wanted` of a scheme from firms that hold more than its floor, the last ones first.
    bool give_up(GrantBook& book, std::size_t scheme, Cents wanted, std::uint32_t except) {
        std::vector<std::pair<std::uint32_t, std::size_t>> donors;
        Cents found = 0;
        for (auto at = order_.rbegin(); at != order_.rend() && found < wanted; ++at) {
            const Seeker& s = problem_.seekers[*at];
            const std::size_t k = position(s, scheme);
            if (*at == except || k == no_position || book.slack(s, k) <= 0) continue;
            donors.emplace_back(*at, k);
            found += book.slack(s, k);
        }
        if (found < wanted) return false;
        for (const auto& [at, k] : donors) {
            const Seeker& s = problem_.seekers[at];
            const Cents part = std::min(wanted, book.slack(s, k));
            book.change(s, k, -part);
            wanted -= part;
        }
        return true;
    }

    static constexpr std::size_t no_position = static_cast<std::size_t>(-1);
    [[nodiscard]] std::size_t position(const Seeker& s, std::size_t scheme) const {
        const auto& kind = problem_.kinds[s.kind];
        const auto at = std::lower_bound(kind.begin(), kind.end(), scheme);
        return at == kind.end() || *at != scheme ? no_position
                                                 : static_cast<std::size_t>(at - kind.begin());
    }

    const GrantProblem& problem_;
    const std::vector<std::uint32_t>& order_;
    std::vector<std::vector<Link>> links_;
};

}  // namespace libmatch::detail
