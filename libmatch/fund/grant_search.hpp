// The best grants of few firms, by branch and bound.
//
// Problem: that of fund/grants.hpp. Method: every firm is a group of its own in the master of
// fund/price_master.hpp, so its value is that of the best shares of whole stacks. Where a firm's
// shares disagree on whether an offer takes part, the problem is split on that; where none do,
// their mean is a lawful answer. The node with the largest bound comes first. Complexity:
// exponential; an effort in nodes ends it, and the best answer so far stands. Deterministic.
// Source: C. Barnhart et al., "Branch-and-price", Operations Research 46, 1998.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <queue>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/core/random.hpp>
#include <libmatch/fund/grant_fill.hpp>

namespace libmatch::detail {

class GrantSearch {
  public:
    static constexpr std::size_t most_firms = 64;

    /// `effort`: nodes.
    GrantSearch(const GrantProblem& problem, GrantFill& fill, const Control& control,
                int effort = 600)
        : problem_(problem), fill_(fill), control_(control), effort_(effort) {
        for (std::size_t s = 0; s < problem.budget.size(); ++s) {
            if (problem.budget[s] < no_limit && problem.budget[s] > 0) limited_.push_back(s);
        }
    }

    /// Improves `best` as far as the effort reaches. True when no grants are better.
    bool improve(GrantBook& best, const GrantDual::Prices& start) {
        std::priority_queue<Node> open;
        Node root{std::vector<Settled>(problem_.most.size(), Settled::open), start, 0, 0};
        if (!bound(root, best)) return true;
        open.push(std::move(root));
        std::uint64_t made = 0;
        for (int nodes = 0; !open.empty(); ++nodes) {
            if (nodes == effort_ || control_.stop()) return false;
            Node node = open.top();
            open.pop();
            if (node.bound <= best.total()) continue;
            for (const Settled choice : {Settled::in, Settled::out}) {
                Node child{node.part, node.price, ++made, 0};
                child.part[node.split] = choice;
                if (bound(child, best)) open.push(std::move(child));
            }
        }
        return true;
    }

  private:
    static constexpr int most_rounds = 60;
    static constexpr std::size_t settled = static_cast<std::size_t>(-1);

    struct Node {
        std::vector<Settled> part;
        GrantDual::Prices price;
        std::uint64_t number = 0;
        Cents bound = 0;
        std::size_t split = settled;  ///< offer to branch on
        friend bool operator<(const Node& a, const Node& b) {
            return a.bound != b.bound ? a.bound < b.bound : a.number > b.number;
        }
    };
    struct Column {
        std::size_t seeker = 0;
        std::vector<Cents> amounts;
    };

    /// Finds the node's bound and where to split it; false when it holds nothing better.
    bool bound(Node& node, GrantBook& best) {
        std::vector<double> budgets;
        double reward = 1;
        for (const std::size_t s : limited_)
            budgets.push_back(static_cast<double>(problem_.budget[s]));
        for (const Seeker& s : problem_.seekers) reward += static_cast<double>(s.limit);
        PriceMaster master(budgets, problem_.seekers.size());
        std::vector<Column> columns;
        Worth least = 0;
        bool first = true;
        GrantDual::Prices price = node.price;
        for (int round = 0; round < most_rounds; ++round) {
            Worth worth = 0;
            if (!ask(node, price, reward, master, columns, worth)) return false;
            if (first || worth < least) {
                least = worth;
                node.price = price;
            }
            first = false;
            if (static_cast<Cents>(least / price_one) <= best.total()) return false;
            const auto next = master.prices();
            for (std::size_t k = 0; k < limited_.size(); ++k) {
                // Firms that must take part may make a euro dearer than a euro.
                price[limited_[k]] =
                    static_cast<std::int64_t>(std::llround(std::min(next[k], 1e3) * price_one));
            }
            const double held = static_cast<double>(rewarded(node)) * reward;
            const double known = static_cast<double>(least) / price_one;
            if (known - (master.value() - held) <= 0.5) break;
        }
        node.bound = static_cast<Cents>(least / price_one);
        take_answer(node, master, columns, best);
        return node.bound > best.total() && node.split != settled;
    }

    [[nodiscard]] bool must(const Node& node, const Seeker& s) const {
        for (std::size_t k = 0; k < problem_.offers(s); ++k) {
            if (node.part[s.begin + k] == Settled::in) return true;
        }
        return false;
    }
    [[nodiscard]] std::size_t rewarded(const Node& node) const {
        return static_cast<std::size_t>(
            std::count_if(problem_.seekers.begin(), problem_.seekers.end(),
                          [&](const Seeker& s) { return must(node, s); }));
    }

    /// Every firm's best stack becomes a column; false when some firm has none.
    bool ask(const Node& node, const GrantDual::Prices& price, double reward, PriceMaster& master,
             std::vector<Column>& columns, Worth& worth) {
        for (const std::size_t s : limited_)
            worth += static_cast<Worth>(price[s]) * problem_.budget[s];
        std::vector<double> used(limited_.size());
        for (std::size_t at = 0; at < problem_.seekers.size(); ++at) {
            const Seeker& s = problem_.seekers[at];
            problem_.load(s, offers_);
            weight_.resize(offers_.size());
            for (std::size_t k = 0; k < offers_.size(); ++k)
                weight_[k] = price_one - price[offers_[k].scheme];
            const std::span<const Settled> part(node.part);
            const Worth own = chooser_.best(offers_, s.limit, s.de_minimis, weight_, amounts_, {},
                                            part.subspan(s.begin, offers_.size()));
            if (own == StackChooser::no_stack) return false;
            const bool required = must(node, s);
            worth += own;
            double sum = 0;
            std::fill(used.begin(), used.end(), 0.0);
            for (std::size_t k = 0; k < offers_.size(); ++k) {
                sum += static_cast<double>(amounts_[k]);
                const auto row =
                    std::lower_bound(limited_.begin(), limited_.end(), offers_[k].scheme);
                if (row != limited_.end() && *row == offers_[k].scheme)
                    used[static_cast<std::size_t>(row - limited_.begin())] =
                        static_cast<double>(amounts_[k]);
            }
            if (sum <= 0 && !required) continue;
            master.add(at, sum + (required ? reward : 0), used);
            columns.push_back({at, amounts_});
        }
        return true;
    }
    /// A firm whose columns disagree on an offer is where to split; otherwise their mean, made
    /// whole, is an answer.
    void take_answer(Node& node, const PriceMaster& master, const std::vector<Column>& columns,
                     GrantBook& best) {
        std::vector<double> mean(problem_.most.size(), 0), takes(problem_.most.size(), 0);
        for (const auto& [c, share] : master.shares()) {
            const Seeker& s = problem_.seekers[columns[c].seeker];
            for (std::size_t k = 0; k < columns[c].amounts.size(); ++k) {
                mean[s.begin + k] += share * static_cast<double>(columns[c].amounts[k]);
                if (columns[c].amounts[k] > 0) takes[s.begin + k] += share;
            }
        }
        double most = 1e-6;
        for (std::size_t k = 0; k < takes.size(); ++k) {
            const double open = std::min(takes[k], 1 - takes[k]);
            if (node.part[k] == Settled::open && open > most) {
                most = open;
                node.split = k;
            }
        }
        // Offers that mostly take part do, in a fill at these prices.
        std::vector<Settled> part(takes.size());
        for (std::size_t k = 0; k < part.size(); ++k)
            part[k] = takes[k] > 0.5 ? Settled::open : Settled::out;
        keep(fill_.fill(node.price, {}, part), best);
        keep(fill_.fill(node.price, {}), best);
        keep(whole(mean), best);
    }
    void keep(GrantBook book, GrantBook& best) {
        fill_.exchange(book, control_);
        if (book.total() > best.total()) best = std::move(book);
    }
    /// The amounts in whole cents, each as far as limits and budgets allow.
    [[nodiscard]] GrantBook whole(const std::vector<double>& mean) const {
        GrantBook book(problem_);
        for (const Seeker& s : problem_.seekers) {
            for (std::size_t k = 0; k < problem_.offers(s); ++k) {
                const auto wanted = static_cast<Cents>(std::floor(mean[s.begin + k] + 1e-3));
                const auto head = book.headroom(s);
                const auto span = book.growth(s, k, head.all, head.de_minimis);
                const Cents amount =
                    std::min({wanted, span.high, book.left(problem_.kinds[s.kind][k])});
                if (amount >= span.low) book.change(s, k, amount);
            }
        }
        return book;
    }

    const GrantProblem& problem_;
    GrantFill& fill_;
    const Control& control_;
    int effort_;
    std::vector<std::size_t> limited_;
    StackChooser chooser_;
    std::vector<Offer> offers_;
    std::vector<std::int64_t> weight_;
    std::vector<Cents> amounts_;
};

/// Improves the grants of many firms part by part: some firms that want what is left of a budget,
/// with others that could give way, are solved again as if the rest were settled.
class GrantRepair {
  public:
    GrantRepair(const GrantProblem& problem, const std::vector<std::uint32_t>& order,
                const Control& control)
        : problem_(problem), order_(order), control_(control) {}

    /// Until the total reaches `enough`, or nothing was found `patience` times in a row.
    void improve(GrantBook& book, const GrantDual::Prices& price, Cents enough) {
        for (int idle = 0; idle < patience && book.total() < enough && !control_.stop();) {
            const Cents before = book.total();
            const auto part = choose(book);
            if (part.empty()) return;
            solve(book, part, price);
            idle = book.total() > before ? 0 : idle + 1;
        }
    }

  private:
    static constexpr int patience = 24, effort = 24;
    static constexpr std::size_t firms = 24, tries = 4'000;

    /// Firms, in order of priority: half of them open to a budget with euros left, the others with
    /// room for more aid.
    std::vector<std::uint32_t> choose(const GrantBook& book) {
        std::vector<std::size_t> open;
        for (std::size_t s = 0; s < problem_.budget.size(); ++s) {
            if (book.left(s) > 0) open.push_back(s);
        }
        if (open.empty()) return {};
        const std::size_t target = open[random_.below(open.size())];
        std::vector<std::uint32_t> places;
        std::vector<std::uint32_t> dossiers;
        for (std::size_t t = 0; t < tries && places.size() < firms; ++t) {
            const auto at = static_cast<std::uint32_t>(random_.below(order_.size()));
            const Seeker& s = problem_.seekers[order_[at]];
            const auto& kind = problem_.kinds[s.kind];
            const bool asks = std::binary_search(kind.begin(), kind.end(), target);
            if (places.size() < firms / 2 ? !asks : book.headroom(s).all <= 0) continue;
            // Members of one dossier share its room; one of them can move at a time.
            if (s.dossier != Standing::alone) {
                if (std::find(dossiers.begin(), dossiers.end(), s.dossier) != dossiers.end())
                    continue;
                dossiers.push_back(s.dossier);
            }
            if (std::find(places.begin(), places.end(), at) == places.end()) places.push_back(at);
        }
        std::sort(places.begin(), places.end());
        for (std::uint32_t& at : places) at = order_[at];
        return places;
    }

    void solve(GrantBook& book, const std::vector<std::uint32_t>& chosen,
               const GrantDual::Prices& price) {
        GrantProblem part;
        part.line = problem_.line;
        part.kinds = problem_.kinds;
        for (std::size_t s = 0; s < problem_.budget.size(); ++s)
            part.budget.push_back(book.left(s));
        for (const std::uint32_t at : chosen) {
            Seeker s = problem_.seekers[at];
            Cents held = 0;
            for (std::size_t k = 0; k < problem_.offers(s); ++k) {
                const Cents given = book.given(s, k);
                held += given;
                Cents& budget = part.budget[problem_.kinds[s.kind][k]];
                if (budget < no_limit) budget += given;
                part.most.push_back(problem_.most[s.begin + k]);
                if (!problem_.ceiling.empty())
                    part.ceiling.push_back(problem_.ceiling[s.begin + k]);
            }
            if (s.dossier != Standing::alone) s.limit = std::min(s.limit, held + book.room(s));
            s.dossier = Standing::alone;
            s.begin = part.most.size() - problem_.offers(s);
            part.seekers.push_back(s);
        }
        GrantBook best(part);
        std::vector<std::uint32_t> order(chosen.size());
        for (std::size_t k = 0; k < chosen.size(); ++k) {
            order[k] = static_cast<std::uint32_t>(k);
            const Seeker &mine = part.seekers[k], &old = problem_.seekers[chosen[k]];
            for (std::size_t o = 0; o < part.offers(mine); ++o) {
                if (book.given(old, o) > 0) best.change(mine, o, book.given(old, o));
            }
        }
        const Cents before = best.total();
        GrantFill fill(part, order);
        (void)GrantSearch(part, fill, control_, effort).improve(best, price);
        if (best.total() <= before) return;
        for (std::size_t k = 0; k < chosen.size(); ++k) {
            const Seeker &mine = part.seekers[k], &old = problem_.seekers[chosen[k]];
            for (std::size_t o = 0; o < part.offers(mine); ++o) {
                const Cents more = best.given(mine, o) - book.given(old, o);
                if (more != 0) book.change(old, o, more);
            }
        }
    }

    const GrantProblem& problem_;
    const std::vector<std::uint32_t>& order_;
    const Control& control_;
    Random random_{17};
};

}  // namespace libmatch::detail
