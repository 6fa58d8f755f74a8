// Capacity in hours at scale: usage FIRMS ADVISERS LISTED GAP THREADS, one seeded sparse problem,
// hours 1 to 20, capacity for about 70 % of the hours that firms want. Prints a line of JSON.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <libmatch/core/random.hpp>
#include <libmatch/retrieve/hours_source.hpp>
#include <libmatch/retrieve/matrix_source.hpp>
#include <tests/cpp/support/whole_run.hpp>

int main(int argc, char** argv) {
    if (argc != 6) return 2;
    const auto number = [&](int k) { return static_cast<std::size_t>(std::atoll(argv[k])); };
    const std::size_t n = number(1), m = number(2), listed = std::min(number(3), number(2));
    libmatch::Random random(1);
    std::vector<std::int64_t> begin(n + 1);
    std::vector<std::uint32_t> column;
    std::vector<double> value, hours;
    for (std::size_t i = 0; i < n; ++i) {
        begin[i] = static_cast<std::int64_t>(i * listed);
        std::vector<std::uint32_t> row;
        while (row.size() < listed) {
            row.push_back(static_cast<std::uint32_t>(random.below(m)));
            std::sort(row.begin(), row.end());
            row.erase(std::unique(row.begin(), row.end()), row.end());
        }
        column.insert(column.end(), row.begin(), row.end());
        for (std::size_t k = 0; k < listed; ++k) {
            value.push_back(random.uniform());
            hours.push_back(static_cast<double>(1 + random.below(20)));
        }
    }
    begin[n] = static_cast<std::int64_t>(n * listed);
    const libmatch::SparseSource pairs(m, begin, column, value);
    const libmatch::HoursSource source(pairs, [&](auto i, auto j) {
        const auto* row = column.data() + begin[i];
        const auto* end = column.data() + begin[i + 1];
        return hours[static_cast<std::size_t>(std::lower_bound(row, end, j.value) - column.data())];
    });
    libmatch::AssignmentLimits limits;
    // At the optimum firms take short pairs, so the hours wanted are those of short pairs.
    limits.hours.assign(m, 2.5 * static_cast<double>(n) / static_cast<double>(m));
    libmatch::AssignmentOptions options;
    options.gap = std::atof(argv[4]);
    options.threads = static_cast<unsigned>(std::atoi(argv[5]));
    libmatch::Control control;
    const auto result = libmatch::testing::assign(source, limits, options, control);
    const libmatch::Certificate& c = result.certificate;
    std::printf(R"({"firms": %zu, "advisers": %zu, "served": %zu, "objective": %.6f, )"
                R"("bound": %.6f, "gap": %.3g, "seconds": %.3f})"
                "\n",
                n, m, result.pairs.size(), c.objective, c.bound, c.gap(), c.seconds);
}
