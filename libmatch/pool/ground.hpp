// A large pooling problem laid out for prices and moves: kinds of firms, spots, and near spots.
//
// Places are numbered along a Hilbert curve. Firms that share place and cells form kinds, cut by
// amount where they are many: a kind has one price. The kinds of one cell at one place are a spot
// of a rule, and every spot is a seat. Each spot knows its nearest spots; what lies beyond is found
// by a tree of boxes over the spots of a cell.
//
// Method: nearest spots by branch and bound over the tree, starting from the neighbours on the
// curve. Complexity: O(n log n); memory is linear in the firms. Precondition: no listed sites.
// Deterministic for any number of threads.
//
// Source: D. Hilbert, "Ueber die stetige Abbildung einer Linie auf ein Flaechenstueck", 1891.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/core/geo.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/pooling.hpp>

namespace libmatch::detail {

/// Sorts in chunks and merges them, in parallel and with a look at `control` in between; false if
/// stopped. `before` must be a total order.
template <class T, class Before>
[[nodiscard]] bool sort_in_parts(std::vector<T>& items, const Before& before, unsigned threads,
                                 const Control& control) {
    constexpr std::size_t part = std::size_t{1} << 15;
    const std::size_t n = items.size();
    const auto at = [&](std::vector<T>& v, std::size_t k) {
        return v.begin() + static_cast<std::ptrdiff_t>(std::min(k, n));
    };
    parallel_chunks(n, part, threads, [&](std::size_t begin, std::size_t end) {
        if (!control.stop()) std::sort(at(items, begin), at(items, end), before);
    });
    std::vector<T> other(n > part ? n : 0);
    for (std::size_t width = part; width < n; width *= 2) {
        if (control.stop()) return false;
        parallel_chunks(n, 2 * width, threads, [&](std::size_t begin, std::size_t end) {
            const std::size_t middle = std::min(begin + width, end);
            std::merge(at(items, begin), at(items, middle), at(items, middle), at(items, end),
                       at(other, begin), before);
        });
        items.swap(other);
    }
    return !control.stop();
}

class Ground {
  public:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    /// A spot near another; km is rounded down.
    struct Near {
        std::uint32_t spot = 0;
        float km = 0;
    };

    /// A box over spots [first, last) of one cell, in depth-first order; `skip` is the next box
    /// outside it.
    struct Box {
        float low[3];
        float high[3];
        std::uint32_t first, last, skip;
    };

    /// A rule's limits with the rounding slack of sums taken in, and its kinds by spot.
    struct Rule {
        double lowest = 0;
        double highest = HUGE_VAL;
        std::uint32_t least = 1;  ///< members
        std::uint32_t most = 1;   ///< members; never above the number of firms
        double radius = HUGE_VAL;
        double per_km = 0;
        double opening = 0;
        std::vector<std::uint32_t> kinds;       ///< by cell, then place
        std::vector<std::uint32_t> kind_begin;  ///< in `kinds`; one more than there are spots
        std::vector<std::uint32_t> place;       ///< per spot
        std::vector<std::uint32_t> cell;        ///< per spot: dense number of its cell
        std::vector<std::uint32_t> cell_begin;  ///< in spots; one more than there are cells
        std::vector<std::uint32_t> spot_of;     ///< per kind; none = not under the rule
        std::vector<std::uint32_t> tree_begin;  ///< per cell, in `boxes`
        std::vector<Box> boxes;
        [[nodiscard]] std::uint32_t spots() const {
            return static_cast<std::uint32_t>(place.size());
        }
        [[nodiscard]] std::span<const std::uint32_t> kinds_at(std::uint32_t spot) const {
            return {kinds.data() + kind_begin[spot], kind_begin[spot + 1] - kind_begin[spot]};
        }
        /// Nearest first, itself the first of all.
        [[nodiscard]] std::span<const Near> near(std::uint32_t spot) const {
            return {near_parts[spot / near_chunk].data() + near_begin[spot], near_count[spot]};
        }
        /// Whether spots within the radius are left out of near().
        [[nodiscard]] bool cut_off(std::uint32_t spot) const { return near_cut[spot] != 0; }

        std::vector<std::vector<Near>> near_parts;
        std::vector<std::uint32_t> near_begin;
        std::vector<std::uint8_t> near_count, near_cut;
    };
    static constexpr std::size_t every_firm = 512;  ///< firms up to which each is its own kind
    static constexpr std::size_t near_chunk = 1024;
    static constexpr std::size_t most_near = 24;

    Ground(const PoolProblem& problem, unsigned threads, const Control& control)
        : problem_(problem) {
        complete_ = find_places(threads, control) && find_kinds(threads, control);
        for (std::uint32_t k = 0; complete_ && k < problem.rules.size(); ++k) {
            complete_ = add_rule(k, threads, control);
        }
    }

    /// False: stopped first, and nothing here may be used.
    [[nodiscard]] bool complete() const { return complete_; }
    [[nodiscard]] const PoolProblem& problem() const { return problem_; }
    [[nodiscard]] const std::vector<Rule>& rules() const { return rules_; }

    [[nodiscard]] std::size_t kinds() const { return low_.size(); }
    [[nodiscard]] std::uint32_t count(std::uint32_t kind) const {
        return kind_begin_[kind + 1] - kind_begin_[kind];
    }
    /// By amount.
    [[nodiscard]] std::span<const FirmId> firms(std::uint32_t kind) const {
        return {firms_.data() + kind_begin_[kind], count(kind)};
    }
    [[nodiscard]] double low(std::uint32_t kind) const { return low_[kind]; }      ///< least amount
    [[nodiscard]] double high(std::uint32_t kind) const { return high_[kind]; }    ///< largest
    [[nodiscard]] double value(std::uint32_t kind) const { return value_[kind]; }  ///< largest
    [[nodiscard]] std::uint32_t kind_of(FirmId i) const { return kind_of_[i]; }
    [[nodiscard]] std::uint32_t place_of(std::uint32_t kind) const { return place_[kind]; }

    [[nodiscard]] double km(std::uint32_t place, std::uint32_t other) const {
        if (place == other || problem_.metric == Metric::none) return 0;
        const SpherePoint &p = at_[place], &q = at_[other];
        return problem_.metric == Metric::sphere ? distance_km(p, q)
                                                 : std::hypot(p.x - q.x, p.y - q.y);
    }
    /// A hair under the distance, and much faster.
    [[nodiscard]] double quick_km(std::uint32_t place, std::uint32_t other) const {
        return below_km(square(at_[place], at_[other]));
    }
    [[nodiscard]] std::size_t places() const { return at_.size(); }
    [[nodiscard]] const SpherePoint& at(std::uint32_t place) const { return at_[place]; }

    /// Calls visit(spot) for the spots of the seat's cell within the radius until it says false.
    template <class Visit>
    void each_spot_within(const Rule& rule, std::uint32_t seat, const Visit& visit) const {
        const std::uint32_t cell = rule.cell[seat], here = rule.place[seat];
        for (std::uint32_t b = rule.tree_begin[cell]; b < rule.tree_begin[cell + 1];) {
            const Box& box = rule.boxes[b];
            if (km_to(box, here) > rule.radius) {
                b = box.skip;
                continue;
            }
            if (box.skip == b + 1) {
                for (std::uint32_t s = box.first; s < box.last; ++s) {
                    if (km(rule.place[s], here) <= rule.radius && !visit(s)) return;
                }
            }
            ++b;
        }
    }

    /// Least distance in km from a place to a box; never above the true one.
    [[nodiscard]] double km_to(const Box& box, std::uint32_t place) const {
        if (problem_.metric == Metric::none) return 0;
        return below_km(square_to(box, at_[place])) * (1 - 1e-6) - 1e-6;
    }

  private:
    [[nodiscard]] static double square_to(const Box& box, const SpherePoint& p) {
        const double x[3] = {p.x, p.y, p.z};
        double square = 0;
        for (int d = 0; d < 3; ++d) {
            const double out = std::max({0.0, static_cast<double>(box.low[d]) - x[d],
                                         x[d] - static_cast<double>(box.high[d])});
            square += out * out;
        }
        return square;
    }
    [[nodiscard]] static double square(const SpherePoint& p, const SpherePoint& q) {
        const double dx = p.x - q.x, dy = p.y - q.y, dz = p.z - q.z;
        return dx * dx + dy * dy + dz * dz;
    }
    /// A little under the distance, without the arcsine: the first terms of its series.
    [[nodiscard]] double below_km(double square) const {
        if (problem_.metric == Metric::none) return 0;
        if (problem_.metric == Metric::plane) return std::sqrt(square);
        const double half = 0.5 * std::sqrt(square);
        return 2 * earth_radius_km * (half + half * half * half / 6);
    }

    /// Distance along the curve of a point of the unit square, 20 bits a side.
    [[nodiscard]] static std::uint64_t hilbert(double x, double y) {
        constexpr std::uint32_t side = std::uint32_t{1} << 20;
        const auto whole = [](double t) {
            return static_cast<std::uint32_t>(std::clamp(t, 0.0, 1.0) * (side - 1.0));
        };
        std::uint32_t a = whole(x), b = whole(y);
        std::uint64_t key = 0;
        for (std::uint32_t s = side / 2; s > 0; s /= 2) {
            const std::uint32_t right = (a & s) != 0 ? 1 : 0, up = (b & s) != 0 ? 1 : 0;
            key += static_cast<std::uint64_t>(s) * s * ((3 * right) ^ up);
            if (up == 0) {
                if (right != 0) {
                    a = side - 1 - a;
                    b = side - 1 - b;
                }
                std::swap(a, b);
            }
        }
        return key;
    }

    bool find_places(unsigned threads, const Control& control) {
        const std::size_t n = problem_.amount.size();
        firm_place_.assign(n, 0);
        at_.assign(1, {});
        if (problem_.metric == Metric::none || n == 0) return true;
        const bool sphere = problem_.metric == Metric::sphere;
        PoolPlace low = problem_.place[0], high = low;
        for (const PoolPlace& p : problem_.place) {
            low = {std::min(low.a, p.a), std::min(low.b, p.b)};
            high = {std::max(high.a, p.a), std::max(high.b, p.b)};
        }
        const double narrow = sphere ? std::cos(0.5 * (low.a + high.a) * 0.017453292519943295) : 1;
        const double width = std::max({high.a - low.a, narrow * (high.b - low.b), 1e-300});
        struct Point {
            std::uint64_t key;
            std::uint32_t firm;
        };
        std::vector<Point> points(n);
        parallel_chunks(n, 1 << 14, threads, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const PoolPlace p = problem_.place[i];
                points[i] = {hilbert((p.a - low.a) / width, narrow * (p.b - low.b) / width),
                             static_cast<std::uint32_t>(i)};
            }
        });
        const auto key = [&](const Point& p) {
            const PoolPlace at = problem_.place[p.firm];
            return std::tuple(at.a, at.b, p.firm);
        };
        const auto before = [&](const Point& p, const Point& q) {
            return p.key != q.key ? p.key < q.key : key(p) < key(q);
        };
        if (!sort_in_parts(points, before, threads, control)) return false;
        at_.clear();
        PoolPlace last;
        for (const Point& p : points) {
            const PoolPlace at = problem_.place[p.firm];
            if (at_.empty() || at.a != last.a || at.b != last.b) {
                at_.push_back(sphere ? on_sphere({at.a, at.b}) : SpherePoint{at.a, at.b, 0});
                last = at;
            }
            firm_place_[p.firm] = static_cast<std::uint32_t>(at_.size() - 1);
        }
        return true;
    }

    [[nodiscard]] std::uint32_t cell_under(std::uint32_t k, std::uint32_t i) const {
        const PoolRule& keyed = problem_.rules[k];
        return problem_.amount[i] <= keyed.rule.highest_sum() ? keyed.cell_of(FirmId(i))
                                                              : PoolRule::no_cell;
    }

    bool find_kinds(unsigned threads, const Control& control) {
        const std::size_t n = problem_.amount.size();
        const auto rules = static_cast<std::uint32_t>(problem_.rules.size());
        struct Firm {
            std::uint64_t key;
            double amount;
            std::uint32_t id;
        };
        std::vector<Firm> order(n);
        for (std::uint32_t i = 0; i < n; ++i) {
            const std::uint64_t cell = cell_under(0, i);
            order[i] = {cell << 32 | firm_place_[i], problem_.amount[i], i};
        }
        const auto same_cells = [&](std::uint32_t i, std::uint32_t j) {
            for (std::uint32_t k = 1; k < rules; ++k) {
                if (cell_under(k, i) != cell_under(k, j)) return false;
            }
            return true;
        };
        const auto before = [&](const Firm& p, const Firm& q) {
            if (p.key != q.key) return p.key < q.key;
            for (std::uint32_t k = 1; k < rules; ++k) {
                const std::uint32_t a = cell_under(k, p.id), b = cell_under(k, q.id);
                if (a != b) return a < b;
            }
            return p.amount != q.amount ? p.amount < q.amount : p.id < q.id;
        };
        if (!sort_in_parts(order, before, threads, control)) return false;
        firms_.reserve(n);
        kind_of_.assign(n, 0);
        kind_begin_.assign(1, 0);
        for (std::size_t first = 0; first < n;) {
            std::size_t last = first + 1;
            while (last < n && order[last].key == order[first].key &&
                   same_cells(order[last].id, order[first].id)) {
                ++last;
            }
            const auto together = static_cast<double>(last - first);
            const double finest =
                n <= every_firm ? together : std::floor(8 + 2 * std::sqrt(together));
            const auto parts = static_cast<std::size_t>(std::min(together, finest));
            for (std::size_t part = 0; part < parts; ++part) {
                const std::size_t begin = first + part * (last - first) / parts;
                const std::size_t end = first + (part + 1) * (last - first) / parts;
                double most = -HUGE_VAL;
                for (std::size_t p = begin; p < end; ++p) {
                    firms_.emplace_back(order[p].id);
                    kind_of_[order[p].id] = static_cast<std::uint32_t>(low_.size());
                    most = std::max(most, problem_.value_of(FirmId(order[p].id)));
                }
                kind_begin_.push_back(static_cast<std::uint32_t>(firms_.size()));
                low_.push_back(order[begin].amount);
                high_.push_back(order[end - 1].amount);
                value_.push_back(most);
                place_.push_back(firm_place_[order[begin].id]);
            }
            first = last;
        }
        return true;
    }

    bool add_rule(std::uint32_t k, unsigned threads, const Control& control) {
        const DossierRule& given = problem_.rules[k].rule;
        Rule rule;
        rule.lowest = given.lowest_sum();
        rule.highest = given.highest_sum();
        rule.least = static_cast<std::uint32_t>(given.min_members);
        rule.most =
            static_cast<std::uint32_t>(std::min(static_cast<std::size_t>(given.max_members),
                                                std::max<std::size_t>(problem_.amount.size(), 1)));
        rule.radius = given.max_radius_km;
        rule.per_km = given.cost_per_km;
        rule.opening = given.opening_cost;
        rule.spot_of.assign(kinds(), none);
        struct Entry {
            std::uint64_t key;
            std::uint32_t kind;
        };
        std::vector<Entry> order;
        for (std::uint32_t c = 0; c < kinds(); ++c) {
            const std::uint64_t cell = cell_under(k, firms(c).front().value);
            if (cell != PoolRule::no_cell) order.push_back({cell << 32 | place_[c], c});
        }
        const auto before = [](const Entry& p, const Entry& q) {
            return p.key != q.key ? p.key < q.key : p.kind < q.kind;
        };
        if (!sort_in_parts(order, before, threads, control)) return false;
        for (std::size_t p = 0; p < order.size(); ++p) {
            const bool new_spot = p == 0 || order[p].key != order[p - 1].key;
            const bool new_cell = p == 0 || order[p].key >> 32 != order[p - 1].key >> 32;
            if (new_cell) rule.cell_begin.push_back(rule.spots());
            if (new_spot) {
                rule.kind_begin.push_back(static_cast<std::uint32_t>(p));
                rule.place.push_back(place_[order[p].kind]);
                rule.cell.push_back(static_cast<std::uint32_t>(rule.cell_begin.size() - 1));
            }
            rule.kinds.push_back(order[p].kind);
            rule.spot_of[order[p].kind] = rule.spots() - 1;
        }
        rule.kind_begin.push_back(static_cast<std::uint32_t>(order.size()));
        rule.cell_begin.push_back(rule.spots());
        for (std::size_t cell = 0; cell + 1 < rule.cell_begin.size(); ++cell) {
            rule.tree_begin.push_back(static_cast<std::uint32_t>(rule.boxes.size()));
            grow_tree(rule, rule.cell_begin[cell], rule.cell_begin[cell + 1]);
        }
        rule.tree_begin.push_back(static_cast<std::uint32_t>(rule.boxes.size()));
        find_near(rule, threads, control);
        rules_.push_back(std::move(rule));
        return !control.stop();
    }

    void grow_tree(Rule& rule, std::uint32_t first, std::uint32_t last) const {
        constexpr std::uint32_t leaf = 4;
        const std::size_t at = rule.boxes.size();
        Box box{{HUGE_VALF, HUGE_VALF, HUGE_VALF},
                {-HUGE_VALF, -HUGE_VALF, -HUGE_VALF},
                first,
                last,
                0};
        const auto widen = [](Box& to, const float* low, const float* high) {
            for (int d = 0; d < 3; ++d) {
                to.low[d] = std::min(to.low[d], low[d]);
                to.high[d] = std::max(to.high[d], high[d]);
            }
        };
        rule.boxes.push_back(box);
        if (last - first <= leaf) {
            for (std::uint32_t s = first; s < last; ++s) {
                const SpherePoint& p = at_[rule.place[s]];
                const double x[3] = {p.x, p.y, p.z};
                float low[3], high[3];
                for (int d = 0; d < 3; ++d) {
                    const auto near = static_cast<float>(x[d]);
                    low[d] = std::nextafter(near, -HUGE_VALF);
                    high[d] = std::nextafter(near, HUGE_VALF);
                }
                widen(box, low, high);
            }
        } else {
            const std::uint32_t middle = first + (last - first) / 2;
            const std::size_t left = rule.boxes.size();
            grow_tree(rule, first, middle);
            const std::size_t right = rule.boxes.size();
            grow_tree(rule, middle, last);
            for (const std::size_t child : {left, right}) {
                widen(box, rule.boxes[child].low, rule.boxes[child].high);
            }
        }
        box.skip = static_cast<std::uint32_t>(rule.boxes.size());
        rule.boxes[at] = box;
    }

    using Item = std::pair<float, std::uint32_t>;  ///< squared distance or chord, spot

    void find_near(Rule& rule, unsigned threads, const Control& control) const {
        const std::size_t spots = rule.spots();
        rule.near_parts.resize((spots + near_chunk - 1) / near_chunk);
        rule.near_begin.assign(spots, 0);
        rule.near_count.assign(spots, 0);
        rule.near_cut.assign(spots, 0);
        parallel_chunks(spots, near_chunk, threads, [&](std::size_t begin, std::size_t end) {
            constexpr std::uint32_t block = 16;
            std::vector<Item> found;
            Around around;
            std::vector<Near>& part = rule.near_parts[begin / near_chunk];
            for (auto spot = static_cast<std::uint32_t>(begin); spot < end;) {
                if (control.stop()) return;
                const std::uint32_t last = std::min({spot + block, static_cast<std::uint32_t>(end),
                                                     rule.cell_begin[rule.cell[spot] + 1]});
                gather_around(rule, spot, last, found, around);
                double far = HUGE_VAL;
                for (const std::uint32_t first = spot; spot < last; ++spot) {
                    if (spot > first) {
                        far += std::sqrt(square(at_[rule.place[spot - 1]], at_[rule.place[spot]]));
                    }
                    select(rule, spot, around, far * far * (1 + 1e-5), found);
                    far = found.size() <= most_near
                              ? HUGE_VAL
                              : std::sqrt(static_cast<double>(found.back().first));
                    add_near(rule, spot, found, part);
                }
            }
            part.shrink_to_fit();
        });
    }

    struct Around {
        std::vector<std::uint32_t> spot;
        std::vector<float> x, y, z;
    };

    /// The nearest most_near + 1 of these, in order; none of them is beyond the limit.
    void select(const Rule& rule, std::uint32_t spot, const Around& around, double limit,
                std::vector<Item>& found) const {
        const SpherePoint& here = at_[rule.place[spot]];
        const auto x = static_cast<float>(here.x), y = static_cast<float>(here.y),
                   z = static_cast<float>(here.z);
        const auto most = static_cast<float>(limit);
        found.clear();
        for (std::size_t k = 0; k < around.spot.size(); ++k) {
            const float dx = around.x[k] - x, dy = around.y[k] - y, dz = around.z[k] - z;
            const float far = dx * dx + dy * dy + dz * dz;
            if (far <= most) found.emplace_back(far, around.spot[k]);
        }
        if (found.size() > most_near + 1) {
            std::nth_element(found.begin(), found.begin() + most_near + 1, found.end());
            found.resize(most_near + 1);
        }
        std::sort(found.begin(), found.end());
    }

    /// Spots among which are the nearest most_near + 1 of each spot in [first, last).
    void gather_around(const Rule& rule, std::uint32_t first, std::uint32_t last,
                       std::vector<Item>& heap, Around& around) const {
        const std::uint32_t middle = first + (last - first) / 2;
        const SpherePoint& centre = at_[rule.place[middle]];
        nearest(rule, middle, heap);
        double wide = 0;
        for (std::uint32_t s = first; s < last; ++s) {
            wide = std::max(wide, std::sqrt(square(at_[rule.place[s]], centre)));
        }
        // Within r of the centre there are enough, hence within r + wide of each spot, and all
        // these are within r + 2 wide of the centre.
        const double r = std::sqrt(static_cast<double>(heap.front().first));
        const double limit = heap.size() <= most_near ? HUGE_VAL : (r + 2 * wide) * (1 + 1e-4);
        around.spot.clear();
        around.x.clear();
        around.y.clear();
        around.z.clear();
        const std::uint32_t cell = rule.cell[first];
        for (std::uint32_t b = rule.tree_begin[cell]; b < rule.tree_begin[cell + 1];) {
            const Box& box = rule.boxes[b];
            if (square_to(box, centre) > limit * limit) {
                b = box.skip;
                continue;
            }
            if (box.skip == b + 1) {
                for (std::uint32_t s = box.first; s < box.last; ++s) {
                    const SpherePoint& at = at_[rule.place[s]];
                    if (square(at, centre) > limit * limit) continue;
                    around.spot.push_back(s);
                    around.x.push_back(static_cast<float>(at.x));
                    around.y.push_back(static_cast<float>(at.y));
                    around.z.push_back(static_cast<float>(at.z));
                }
            }
            ++b;
        }
    }

    /// The nearest spots of the cell as a heap, most_near + 1 at most.
    void nearest(const Rule& rule, std::uint32_t spot, std::vector<Item>& heap) const {
        constexpr std::uint32_t most = most_near + 1;
        const std::uint32_t cell = rule.cell[spot];
        const std::uint32_t first = rule.cell_begin[cell], last = rule.cell_begin[cell + 1];
        const std::uint32_t from = spot - std::min(spot - first, most / 2);
        const std::uint32_t to = std::min(last, from + most);
        const SpherePoint& middle = at_[rule.place[spot]];
        heap.clear();
        for (std::uint32_t s = from; s < to; ++s) {
            heap.emplace_back(static_cast<float>(square(at_[rule.place[s]], middle)), s);
        }
        std::make_heap(heap.begin(), heap.end());
        if (last - first <= heap.size()) return;
        for (std::uint32_t b = rule.tree_begin[cell]; b < rule.tree_begin[cell + 1];) {
            const Box& box = rule.boxes[b];
            const bool seen = box.first >= from && box.last <= to;
            if (seen || square_to(box, middle) > static_cast<double>(heap.front().first)) {
                b = box.skip;
                continue;
            }
            if (box.skip == b + 1) {
                for (std::uint32_t s = box.first; s < box.last; ++s) {
                    if (s >= from && s < to) continue;
                    const Item item(static_cast<float>(square(at_[rule.place[s]], middle)), s);
                    if (item >= heap.front()) continue;
                    std::pop_heap(heap.begin(), heap.end());
                    heap.back() = item;
                    std::push_heap(heap.begin(), heap.end());
                }
            }
            ++b;
        }
    }

    /// Keeps those that hold enough firms for several groups.
    void add_near(Rule& rule, std::uint32_t spot, const std::vector<Item>& found,
                  std::vector<Near>& part) const {
        constexpr std::size_t several = 3;
        rule.near_begin[spot] = static_cast<std::uint32_t>(part.size());
        std::size_t held = 0, count = 0;
        const std::size_t enough = several * std::min<std::size_t>(rule.most, 1 << 20);
        const std::uint32_t here = rule.place[spot];
        const auto take = [&](std::uint32_t s, float far) {
            part.push_back({s, far});
            ++count;
            for (const std::uint32_t c : rule.kinds_at(s)) held += this->count(c);
        };
        take(spot, 0);
        for (const auto& [chord, s] : found) {
            if (s == spot) continue;
            if (count == most_near || held >= enough) {
                rule.near_cut[spot] = 1;
                break;
            }
            const double far = below_km(square(at_[rule.place[s]], at_[here]));
            if (far > rule.radius) break;
            take(s, std::nextafter(static_cast<float>(far), 0.0F));
        }
        rule.near_count[spot] = static_cast<std::uint8_t>(count);
    }

    const PoolProblem& problem_;
    bool complete_ = false;
    std::vector<SpherePoint> at_;
    std::vector<std::uint32_t> firm_place_;
    std::vector<FirmId> firms_;
    std::vector<std::uint32_t> kind_begin_, kind_of_, place_;
    std::vector<double> low_, high_, value_;
    std::vector<Rule> rules_;
};

}  // namespace libmatch::detail
