// Finds prices and an assignment by auctions of falling step, on samples of the firms first.
//
// Problem: as in auction.hpp, for all firms of a source.
//
// Method: an auction that starts from prices of 0 needs many bids and many new lists per firm just
// to find the height of the prices. So the first auctions hold a small sample of the firms against
// the same share of all seats, from a guessed height; each larger sample, and at last the whole,
// starts a little below the prices of the one before. Within a level the step falls too. A start
// that was too high shows: seats stay empty at an adviser with a price, and the bound would pay for
// them. Such advisers start the next auction from 0. Only the last auctions, over all firms, are
// proven, so a sample can cost time but never the truth. For the same reason lists may be rough
// while the step is large beside what they are wrong by.
//
// Complexity: the whole costs little more than its own last auctions: a few bids and about one new
// list per firm. Memory: one list per firm.
//
// Determinism: samples depend on the index of a firm alone; one thread bids, lists are made in
// parallel.
//
// Source: D. P. Bertsekas, "Linear Network Optimization", 1991 (epsilon scaling).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <libmatch/assign/auction.hpp>
#include <libmatch/assign/certify.hpp>
#include <libmatch/core/beside.hpp>
#include <libmatch/core/random.hpp>

namespace libmatch::detail {

class AuctionSearch {
  public:
    /// `free`: firms without a pin, in the order of their first bids. `room`: seats that pins
    /// leave.
    AuctionSearch(const PairSource& source, std::vector<FirmId> free,
                  std::span<const std::int64_t> room, std::size_t candidates, unsigned threads,
                  Control& control)
        : source_(source),
          free_(std::move(free)),
          room_(room.begin(), room.end()),
          threads_(threads),
          control_(control),
          lists_(source.firms(), candidates),
          prices_(room.size(), 0.0),
          last_prices_(room.size(), 0.0),
          held_(source.firms()) {}

    /// Looks for an answer within the relative gap `asked`. `prove()` computes the gap of prices()
    /// and held() over all pairs, with the help of lists(). True when it is within `asked`.
    template <class Prove>
    bool run(double asked, const Prove& prove) {
        return start(usual_gain * asked) && finish(asked, 0, prove);
    }
    /// Goes on until the step is at most `last` times the mean(), and proves nothing.
    void run_to(double last) {
        if (start(last)) finish(0, last * mean_, [] { return HUGE_VAL; });
    }

    [[nodiscard]] const std::vector<double>& prices() const { return last_prices_; }
    [[nodiscard]] AdviserId held(FirmId i) const { return held_[i]; }
    /// While prove() asks: the firms' lists, whose outside values hold at prices().
    [[nodiscard]] KnownLists lists() const { return {&lists_, rough_}; }
    /// At least every utility where some adviser has no seat; elsewhere the largest one seen.
    [[nodiscard]] double highest() const { return highest_; }
    /// Mean of the firms' best utilities; 0 when no pair is worth anything.
    [[nodiscard]] double mean() const { return mean_; }
    /// Step of the last auction that ended.
    [[nodiscard]] double last_epsilon() const { return last_epsilon_; }

  private:
    static constexpr double first_epsilon = 0.1;  ///< times the mean of the best utilities
    static constexpr double epsilon_step = 6;
    static constexpr double rough_at_most = 4;  ///< errors of rough lists in a step
    static constexpr double tiny = 1e-9;        ///< of a mean utility, above the rounding of sums
    static constexpr double first_drop = 2;     ///< epsilons between prices and the next start
    /// The same between a sample and the next one: it covers what the smaller sample cannot know.
    static constexpr double sample_drop = 3;
    /// Epsilons by which a guessed height lies under the first prices.
    static constexpr double guess_drop = 2;
    /// Step at which a sample has told what it can, times the mean of the best utilities.
    static constexpr double sample_epsilon = 0.017;
    /// The gap is usually this many times smaller than epsilon / mean.
    static constexpr double usual_gain = 16;
    /// From this ratio on a proof is worth its time.
    static constexpr double worth_a_proof = 100;
    /// Lists serve on after prices fell by this much of their usual width.
    static constexpr double worth_keeping = 0.3;
    /// One adviser of so many may have fallen further than the others for lists to serve on.
    static constexpr std::size_t few_at_most = 20;
    static constexpr int max_attempts = 20;
    /// Firms that leave their lists get new ones in batches: about so many of all firms, and no
    /// smaller ones than this.
    static constexpr std::size_t batches = 16, least_batch = 1'024;
    static constexpr std::uint64_t bids_per_firm = 400;
    /// A sample has at least this many firms, and this many seats at a usual adviser.
    static constexpr double least_firms = 10'000;
    static constexpr double least_seats = 1;

    /// The samples; false when no pair is worth anything. `last`: the step that will be enough,
    /// times the mean of the best utilities.
    bool start(double last) {
        const int top = levels();
        control_.report("assign", 0);
        std::vector<FirmId> firms = firms_of(top);
        rough_ = source_.rough_error() > 0;
        list(firms, prices_);
        measure(firms);
        if (rough_ && !rough_serves(first_epsilon * mean_)) {
            refine(firms);
            measure(firms);
        }
        if (std::find(room_.begin(), room_.end(), 0) != room_.end())
            highest_ = std::max(highest_, source_.utility_limit());
        if (mean_ <= 0) return false;
        epsilon_ = first_epsilon * mean_;
        if (top > 0) guess(firms, seats_of(top));
        for (int level = top; level > 0 && !control_.stop(); --level) {
            descend(level, std::max(last, sample_epsilon) * mean_);
            firms = firms_of(level - 1);
            if (level == 1)
                epsilon_ = std::min(epsilon_, std::max(last, first_epsilon / 60) * mean_);
            if (rough_ && !rough_serves(epsilon_)) {
                refine(firms);
            } else {
                list(firms, prices_);
            }
        }
        return true;
    }

    // ---- lists ----

    /// Pairs a little below 0 are listed too: of firms that stay out, lists then tell that no pair
    /// is worth more.
    void list(const std::vector<FirmId>& firms, const std::vector<double>& prices,
              const Control& control) {
        if (rough_) {
            const double least = -rough_at_most * source_.rough_error();
            source_.best_roughly(firms, prices, lists_, threads_, control, least);
        } else {
            source_.best_spread(firms, prices, lists_, threads_, control, -tiny * mean_);
        }
    }
    void list(const std::vector<FirmId>& firms, const std::vector<double>& prices) {
        list(firms, prices, control_);
    }
    /// A step this large is not held up by what rough lists are wrong by.
    [[nodiscard]] bool rough_serves(double epsilon) const {
        return epsilon >= rough_at_most * source_.rough_error();
    }
    /// From now on lists are true; nothing of the rough ones may guide them.
    void refine(const std::vector<FirmId>& firms) {
        rough_ = false;
        for (std::size_t i = 0; i < lists_.firms(); ++i) lists_.finish(FirmId(i), 0, HUGE_VAL);
        list(firms, prices_);
    }

    /// The smallest and the largest utility of a list that is not empty.
    [[nodiscard]] std::pair<double, double> values_of(FirmId i) const {
        const auto list = lists_.of(i);
        const auto [least, most] = std::minmax_element(
            list.begin(), list.end(),
            [](const Candidate& a, const Candidate& b) { return a.value < b.value; });
        return {static_cast<double>(least->value), static_cast<double>(most->value)};
    }

    // ---- samples ----

    /// How often the firms can be cut to a quarter.
    [[nodiscard]] int levels() const {
        double seats = 0, open = 0;
        for (const std::int64_t r : room_) {
            seats += static_cast<double>(r);
            open += r > 0 ? 1 : 0;
        }
        auto firms = static_cast<double>(free_.size());
        int level = 0;
        for (; firms >= 4 * least_firms && seats >= 4 * least_seats * open; ++level) {
            firms /= 4;
            seats /= 4;
        }
        return level;
    }

    /// The same for the same index, as if drawn by lot.
    static std::uint64_t lot(std::size_t index) { return Random(0x6c6f74, index).bits(); }

    /// Every 4^level-th firm; the levels lie within each other.
    [[nodiscard]] std::vector<FirmId> firms_of(int level) const {
        if (level == 0) return free_;
        const std::uint64_t mask = (std::uint64_t{1} << (2 * level)) - 1;
        std::vector<FirmId> some;
        for (const FirmId i : free_) {
            if ((lot(i) & mask) == 0) some.push_back(i);
        }
        return some;
    }
    /// The same share of all seats; fractions are rounded by lot.
    [[nodiscard]] std::vector<std::int64_t> seats_of(int level) const {
        std::vector<std::int64_t> some = room_;
        const double share = std::pow(0.25, level);
        for (std::size_t j = 0; level > 0 && j < some.size(); ++j) {
            if (room_[j] == 0) continue;
            const double up = static_cast<double>(lot(j) >> 11) * 0x1p-53;
            some[j] = std::max<std::int64_t>(
                1, static_cast<std::int64_t>(static_cast<double>(room_[j]) * share + up));
        }
        return some;
    }

    /// Heights of utilities, from the lists of the first sample at prices of 0.
    void measure(const std::vector<FirmId>& firms) {
        Sum best, band;
        std::size_t wanted = 0;
        for (const FirmId i : firms) {
            if (lists_.of(i).empty()) continue;
            const auto [least, most] = values_of(i);
            highest_ = std::max(highest_, most);
            if (most <= 0) continue;
            best.add(most);
            band.add(most - least);
            ++wanted;
        }
        if (wanted == 0) return;
        worth_ =
            best.value() * static_cast<double>(free_.size()) / static_cast<double>(firms.size());
        mean_ = best.value() / static_cast<double>(wanted);
        band_ = band.value() / static_cast<double>(wanted);
    }

    /// Where seats are short, prices rise until as many firms stay out as there are too many. A
    /// first auction from this height has less to climb; who does not fill there starts again from
    /// 0.
    void guess(const std::vector<FirmId>& firms, const std::vector<std::int64_t>& seats) {
        std::vector<double> best;
        for (const FirmId i : firms) {
            if (!lists_.of(i).empty()) best.push_back(values_of(i).second);
        }
        std::size_t places = 0;
        for (const std::int64_t s : seats) places += static_cast<std::size_t>(s);
        if (places >= best.size()) return;
        const auto last = best.begin() + static_cast<std::ptrdiff_t>(places);
        std::nth_element(best.begin(), last, best.end(), std::greater<>());
        const double height = std::max(0.0, *last - guess_drop * first_epsilon * mean_);
        for (double& p : prices_) p = height;
        list(firms, prices_);
    }

    /// The next start: full advisers cheaper by `by`, all others free. Returns the advisers that
    /// fell by more.
    std::vector<AdviserId> start_below(const Auction& round, double by) {
        std::vector<AdviserId> freed;
        for (std::size_t j = 0; j < prices_.size(); ++j) {
            if (room_[j] == 0) continue;
            const double price = round.prices()[j];
            prices_[j] = round.is_full(j) ? std::max(0.0, price - by) : 0;
            if (!round.is_full(j) && price > by) freed.emplace_back(j);
        }
        return freed;
    }

    /// Starts the next auction below the prices of the last one, and keeps lists true.
    /// `epsilon`: its step.
    void lower(const Auction& round, double by, double epsilon, const std::vector<FirmId>& firms) {
        const std::vector<AdviserId> freed = start_below(round, by);
        if (rough_ && !rough_serves(epsilon)) return refine(firms);
        std::vector<FirmId> partial;
        for (const FirmId i : firms) {
            if (lists_.outside(i) != -HUGE_VAL) partial.push_back(i);
        }
        if (by > worth_keeping * band_ || few_at_most * freed.size() > prices_.size()) {
            list(partial, prices_);
            return;
        }
        lists_.loosen(partial, by);
        if (!freed.empty()) mind(freed, partial);
    }

    /// Raises outside values to what unlisted pairs with these advisers are worth now.
    void mind(const std::vector<AdviserId>& freed, const std::vector<FirmId>& firms) {
        const double closed = highest_ * (1 + 1e-6) + 1;
        std::vector<double> prices(prices_.size(), closed);
        for (const AdviserId j : freed) prices[j] = prices_[j];
        CandidateLists best(source_.firms(), 4);
        source_.best(firms, prices, best, threads_, control_, 0);
        for (const FirmId i : firms) {
            double most = best.outside(i);
            for (const Candidate& c : best.of(i)) {
                const double net = static_cast<double>(c.value) * (1 + 0x1p-22) - prices[c.adviser];
                if (net <= 0) continue;
                const auto list = lists_.of(i);
                if (std::none_of(list.begin(), list.end(), [&](const Candidate& listed) {
                        return listed.adviser == c.adviser;
                    })) {
                    most = std::max(most, net);
                }
            }
            if (most > lists_.outside(i)) lists_.raise(i, most);
        }
    }

    [[nodiscard]] Auction open(std::span<const std::int64_t> seats, double epsilon,
                               std::size_t firms) {
        // Single-precision values sit within one rounding of the true ones; so must prices of
        // nothing.
        return {lists_, seats, prices_, highest_ * (1 + 1e-6) + epsilon,
                10'000 + bids_per_firm * firms};
    }
    /// False when it was stopped or gave up. While firms bid, those who left their lists get new
    /// ones, at the prices of that moment.
    bool hold(Auction& round, const std::vector<FirmId>& firms, double epsilon) {
        const std::size_t batch = std::max(least_batch, firms.size() / batches);
        std::vector<FirmId> asking;
        std::vector<double> at;
        std::unique_ptr<Beside> lister;
        round.enqueue(firms);
        while (true) {
            std::vector<FirmId> left = round.run(batch, epsilon, control_);
            if (lister) lister->wait(control_, "assign");
            lister.reset();
            if (control_.stop() || round.gave_up()) return false;
            std::reverse(asking.begin(), asking.end());
            round.enqueue(asking);
            asking = std::move(left);
            if (asking.empty() && round.idle()) break;
            if (asking.empty()) continue;
            at = round.prices();
            if (round.idle() || thread_count(threads_) == 1) {
                list(asking, at, control_);
            } else {
                lister =
                    std::make_unique<Beside>(control_, [&, done = control_.done()](Control& own) {
                        own.report("assign", done);  // what the waiting thread passes on
                        list(asking, at, own);
                    });
            }
        }
        return true;
    }

    /// Auctions on a sample, until the step is `last`; prices_ are then a start for more firms.
    void descend(int level, double last) {
        const std::vector<FirmId> firms = firms_of(level);
        const std::vector<std::int64_t> seats = seats_of(level);
        while (true) {
            Auction round = open(seats, epsilon_, firms.size());
            if (!hold(round, firms, epsilon_)) return;
            if (epsilon_ <= last) {
                start_below(round, sample_drop * epsilon_);
                return;
            }
            const double next = std::max(last, epsilon_ / epsilon_step);
            lower(round, first_drop * epsilon_, next, firms);
            epsilon_ = next;
        }
    }
    /// Auctions over all firms until the step is `enough` or the gap proven is within `asked`.
    template <class Prove>
    bool finish(double asked, double enough, const Prove& prove) {
        for (int attempt = 0; attempt < max_attempts; ++attempt) {
            Auction round = open(room_, epsilon_, free_.size());
            // The coarser answer serves those who stop here, and the exact method where ties make
            // an auction crawl.
            const bool ended = hold(round, free_, epsilon_);
            if (ended || attempt == 0) {
                last_prices_ = round.prices();
                for (const FirmId i : free_) held_[i] = round.held(i);
                last_epsilon_ = epsilon_;
            }
            if (!ended) return false;
            if (epsilon_ <= enough) return true;
            double gap = HUGE_VAL;
            if (epsilon_ <= worth_a_proof * asked * mean_) gap = prove();
            if (gap <= asked) return true;
            // Seats that stay empty at a price: the start was too high.
            const double waste = round.price_of_empty_seats() / worth_;
            const bool too_high = waste > 0.3 * asked;
            const bool finer = !too_high || waste < 0.5 * gap;
            const double next = finer ? epsilon_ / epsilon_step : epsilon_;
            lower(round, first_drop * epsilon_, next, free_);
            epsilon_ = next;
        }
        return false;
    }

    const PairSource& source_;
    std::vector<FirmId> free_;
    std::vector<std::int64_t> room_;
    unsigned threads_;
    Control& control_;
    CandidateLists lists_;
    std::vector<double> prices_;  ///< where the next auction starts
    std::vector<double> last_prices_;
    std::vector<AdviserId> held_;
    double highest_ = 0, mean_ = 0;
    double epsilon_ = 0,
           last_epsilon_ = 0;  ///< step of the next auction, and of the last that ended
    bool rough_ = false;       ///< lists are rough
    double worth_ = 0;         ///< about the sum of all firms' best utilities
    double band_ = 0;          ///< mean width of a list, best less last
};

}  // namespace libmatch::detail
