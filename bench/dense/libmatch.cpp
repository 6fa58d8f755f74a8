// libmatch on a square matrix: usage MATRIX SIZE RUNS THREADS, exact in units of 1e-6.
#include <bench/assignment/graph.hpp>

#include <libmatch/retrieve/matrix_source.hpp>
#include <tests/cpp/support/whole_run.hpp>

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    const auto size = static_cast<std::size_t>(std::atoll(argv[2]));
    std::ifstream file(argv[1], std::ios::binary);
    std::vector<double> utility;
    bench::read_into(file, utility, size * size);
    if (!file) return 2;
    const auto side = static_cast<Eigen::Index>(size);
    for (int run = std::atoi(argv[3]); run > 0; --run) {
        // From the matrix in memory to pairs, prices and proof.
        const bench::Stopwatch solve;
        const Eigen::Map<const libmatch::DenseSource::Matrix> view(utility.data(), side, side);
        const libmatch::DenseSource source(view);
        libmatch::AssignmentLimits limits;
        limits.capacity.assign(size, 1);
        libmatch::AssignmentOptions options;
        options.exact = true;
        options.unit = bench::unit;
        options.threads = static_cast<unsigned>(std::atoi(argv[4]));
        libmatch::Control control;
        const auto result = libmatch::testing::assign(source, limits, options, control);
        bench::print_run(0, solve.seconds(), result.certificate.objective,
                         result.certificate.bound);
    }
}
