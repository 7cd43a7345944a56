// A model in C++: reads the view with four threads, uses scratch, prints one number.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

int main() {
  std::vector<double> numbers;
  std::ifstream file("/data/numbers.txt");
  for (double number = 0; file >> number;) numbers.push_back(number);

  std::random_device device;
  std::mt19937 generator(device());
  std::unordered_map<int, double> sums;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (int part = 0; part < 4; ++part) {
    threads.emplace_back([&, part] {
      double sum = 0;
      for (size_t i = static_cast<size_t>(part); i < numbers.size(); i += 4) sum += numbers[i];
      const std::lock_guard<std::mutex> lock(mutex);
      sums[part] = sum;
    });
  }
  for (std::thread& thread : threads) thread.join();
  double total = 0;
  for (const auto& [part, sum] : sums) total += sum;

  std::ofstream("/tmp/scratch") << total;
  std::ifstream scratch("/tmp/scratch");
  scratch >> total;
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/data")) ++files;
  std::cerr << "files " << files << " seed " << generator() << std::endl;
  std::cout << static_cast<long>(std::lround(total)) << "\n";
  return files > 0 ? 0 : 1;
}
