// What a C++ model includes: the data folder's columns as mapped arrays, and the predictions on
// standard output in the form that the contest asks for.
//
// One header, standard library and POSIX only. Whatever goes wrong is said on standard error in one
// line that names the file and what to do, and the program ends with exit code 2: a model has
// nobody to return an error to. The formats are those of MODEL.md.
//
//   pinhole::model::Columns data(argc > 1 ? argv[1] : "/data");
//   std::vector<double> ratings = data.Numbers("ratings", "rating").As<double>();
//   pinhole::model::Predictions out(data.PredictRows());
//   for (size_t row = 0; row < out.rows(); ++row) out.Add(3.5);
//   out.Finish();
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace pinhole::model {

static_assert(std::endian::native == std::endian::little, "the columns are little-endian");

// Says `text` on standard error and ends the program with exit code 2.
[[noreturn]] inline void Fail(const std::string& text) {
  std::fprintf(stderr, "pinhole model: %s\n", text.c_str());
  std::exit(2);
}

// A whole file, mapped read-only for as long as the object lives.
class MappedFile {
 public:
  // Empty when there is no such file; any other failure ends the program.
  static std::optional<MappedFile> Open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
    if (fd < 0) Fail("open " + path + ": " + std::strerror(errno));
    struct stat status = {};
    if (::fstat(fd, &status) != 0) Fail("stat " + path + ": " + std::strerror(errno));
    if (!S_ISREG(status.st_mode)) Fail(path + " is not a regular file");
    const size_t size = static_cast<size_t>(status.st_size);
    void* address = nullptr;
    if (size > 0) address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (address == MAP_FAILED) Fail("map " + path + ": " + std::strerror(errno));
    ::close(fd);
    return MappedFile(path, static_cast<const char*>(address), size);
  }

  MappedFile(MappedFile&& other) noexcept
      : path_(std::move(other.path_)),
        address_(std::exchange(other.address_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(address_, other.address_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~MappedFile() {
    if (address_ != nullptr) ::munmap(const_cast<char*>(address_), size_);
  }

  const std::string& path() const { return path_; }
  std::string_view bytes() const { return {address_, size_}; }

  // The file as elements of T, no copy; ends the program when it is not a whole number of them.
  template <class T>
  std::span<const T> Elements() const {
    if (size_ % sizeof(T) != 0) {
      Fail(path_ + " has " + std::to_string(size_) + " bytes, not a multiple of " +
           std::to_string(sizeof(T)) + ": the file is cut short");
    }
    // A mapping begins at a page, so it is aligned for every T.
    return {reinterpret_cast<const T*>(address_), size_ / sizeof(T)};
  }

 private:
  MappedFile(std::string path, const char* address, size_t size)
      : path_(std::move(path)), address_(address), size_(size) {}

  std::string path_;
  const char* address_ = nullptr;
  size_t size_ = 0;
};

enum class ElementType { kI8, kI16, kI32, kI64, kF32, kF64 };

inline constexpr std::array<std::pair<std::string_view, ElementType>, 6> kElementTypes = {{
    {"i8", ElementType::kI8},
    {"i16", ElementType::kI16},
    {"i32", ElementType::kI32},
    {"i64", ElementType::kI64},
    {"f32", ElementType::kF32},
    {"f64", ElementType::kF64},
}};

inline std::string_view ElementTypeName(ElementType type) {
  return kElementTypes[static_cast<size_t>(type)].first;
}

// Calls `visitor` with the column's elements as a span of their stored type.
template <class Visitor>
auto VisitElements(const MappedFile& file, ElementType type, Visitor&& visitor) {
  switch (type) {
    case ElementType::kI8:
      return visitor(file.Elements<int8_t>());
    case ElementType::kI16:
      return visitor(file.Elements<int16_t>());
    case ElementType::kI32:
      return visitor(file.Elements<int32_t>());
    case ElementType::kI64:
      return visitor(file.Elements<int64_t>());
    case ElementType::kF32:
      return visitor(file.Elements<float>());
    case ElementType::kF64:
      break;
  }
  return visitor(file.Elements<double>());
}

// True when `value` is represented by T: whole and in range for an integer, always for a float.
template <class T, class Stored>
bool Fits(Stored value) {
  if constexpr (std::is_floating_point_v<T>) {
    return true;
  } else if constexpr (std::is_integral_v<Stored>) {
    return std::in_range<T>(value);
  } else {
    // The upper bound is exclusive: max() + 1 is a power of two, so it is exact in floating point.
    const double above = std::ldexp(1.0, std::numeric_limits<T>::digits);
    const double low = std::is_signed_v<T> ? -above : 0.0;
    return std::trunc(value) == value && value >= low && value < above;
  }
}

// Which rows of a column hold a value: every row unless the import found nulls.
class Validity {
 public:
  Validity() = default;
  Validity(std::optional<MappedFile> file, size_t rows) : file_(std::move(file)) {
    if (file_ && file_->bytes().size() != rows) {
      Fail(file_->path() + " has " + std::to_string(file_->bytes().size()) + " rows, its column " +
           std::to_string(rows));
    }
  }
  bool IsNull(size_t row) const { return file_ && file_->bytes()[row] == 0; }
  bool HasNulls() const { return file_.has_value(); }

 private:
  std::optional<MappedFile> file_;
};

// A column of numbers. The declared type decides how they are stored; a model that does not want to
// care reads At<T> or As<T>.
class NumberColumn {
 public:
  NumberColumn(MappedFile file, ElementType type, std::optional<MappedFile> valid)
      : file_(std::move(file)), type_(type) {
    rows_ = VisitElements(file_, type_, [](auto elements) { return elements.size(); });
    validity_ = Validity(std::move(valid), rows_);
  }

  size_t size() const { return rows_; }
  ElementType type() const { return type_; }
  bool HasNulls() const { return validity_.HasNulls(); }
  bool IsNull(size_t row) const { return validity_.IsNull(row); }  // row < size()

  // The stored elements, no copy; T must be exactly the column's type.
  template <class T>
  std::span<const T> View() const {
    return VisitElements(file_, type_, [&](auto elements) -> std::span<const T> {
      if constexpr (std::is_same_v<std::remove_cv_t<typename decltype(elements)::element_type>,
                                   T>) {
        return elements;
      } else {
        Fail(file_.path() + ": View was asked for another type than " +
             std::string(ElementTypeName(type_)) + "; ask for that one, or use As to convert");
      }
    });
  }

  // The element of `row` as T. Ends the program when there is no such row or when T cannot hold the
  // value (a fraction or a number out of range for an integer T).
  template <class T>
  T At(size_t row) const {
    if (row >= rows_) {
      Fail(file_.path() + ": row " + std::to_string(row) + " asked for, the column has " +
           std::to_string(rows_));
    }
    return VisitElements(file_, type_,
                         [&](auto elements) { return Convert<T>(elements[row], row); });
  }

  // All elements as T, converted like At.
  template <class T>
  std::vector<T> As() const {
    return VisitElements(file_, type_, [&](auto elements) {
      std::vector<T> values;
      values.reserve(elements.size());
      for (auto element : elements) values.push_back(Convert<T>(element, values.size()));
      return values;
    });
  }

 private:
  template <class T, class Stored>
  T Convert(Stored value, size_t row) const {
    if (!Fits<T>(value)) {
      Fail(file_.path() + ": row " + std::to_string(row) + " is " + std::to_string(value) +
           ", which the type that was asked for cannot hold; ask for a wider one or for double");
    }
    return static_cast<T>(value);
  }

  MappedFile file_;
  ElementType type_;
  Validity validity_;
  size_t rows_ = 0;
};

// A column of texts: row r is the bytes from offset r to offset r + 1.
class TextColumn {
 public:
  TextColumn(MappedFile offsets, MappedFile bytes, std::optional<MappedFile> valid)
      : offsets_(std::move(offsets)), bytes_(std::move(bytes)) {
    const std::span<const int64_t> ends = offsets_.Elements<int64_t>();
    if (ends.empty()) Fail(offsets_.path() + " is empty; a column of n texts has n + 1 offsets");
    int64_t previous = 0;
    for (int64_t end : ends) {
      if (end < previous) Fail(offsets_.path() + ": the offsets do not rise");
      previous = end;
    }
    if (ends.front() != 0 || static_cast<size_t>(ends.back()) != bytes_.bytes().size()) {
      Fail(offsets_.path() + " does not belong to " + bytes_.path() +
           ": the offsets must run from 0 to its " + std::to_string(bytes_.bytes().size()) +
           " bytes");
    }
    validity_ = Validity(std::move(valid), ends.size() - 1);
  }

  size_t size() const { return offsets_.Elements<int64_t>().size() - 1; }
  bool HasNulls() const { return validity_.HasNulls(); }
  bool IsNull(size_t row) const { return validity_.IsNull(row); }  // row < size()

  // The text of `row`, valid as long as the column; ends the program when there is no such row.
  std::string_view At(size_t row) const {
    if (row >= size()) {
      Fail(offsets_.path() + ": row " + std::to_string(row) + " asked for, the column has " +
           std::to_string(size()));
    }
    const std::span<const int64_t> ends = offsets_.Elements<int64_t>();
    return bytes_.bytes().substr(static_cast<size_t>(ends[row]),
                                 static_cast<size_t>(ends[row + 1] - ends[row]));
  }

 private:
  MappedFile offsets_;
  MappedFile bytes_;
  Validity validity_;
};

// The data folder of a run. Columns are opened when they are asked for; each is its own mapping and
// outlives this object.
class Columns {
 public:
  explicit Columns(std::string folder) : folder_(std::move(folder)) {}

  NumberColumn Numbers(std::string_view table, std::string_view column) const {
    const std::string stem = Stem(table, column);
    for (const auto& [suffix, type] : kElementTypes) {
      std::optional<MappedFile> file = MappedFile::Open(stem + "." + std::string(suffix));
      if (file) return {*std::move(file), type, MappedFile::Open(stem + ".valid.i8")};
    }
    if (MappedFile::Open(stem + ".bytes")) {
      Fail("column " + std::string(column) + " of table " + std::string(table) +
           " holds texts; open it with Texts");
    }
    FailMissing(table, column);
  }

  TextColumn Texts(std::string_view table, std::string_view column) const {
    const std::string stem = Stem(table, column);
    std::optional<MappedFile> offsets = MappedFile::Open(stem + ".offsets.i64");
    std::optional<MappedFile> bytes = MappedFile::Open(stem + ".bytes");
    if (!offsets || !bytes) FailMissing(table, column);
    return {*std::move(offsets), *std::move(bytes), MappedFile::Open(stem + ".valid.i8")};
  }

  // How many rows are to be predicted: those of column `row` of table `predict`.
  size_t PredictRows() const { return Numbers("predict", "row").size(); }

 private:
  std::string Stem(std::string_view table, std::string_view column) const {
    return folder_ + "/columns/" + std::string(table) + "/" + std::string(column);
  }
  [[noreturn]] void FailMissing(std::string_view table, std::string_view column) const {
    Fail("no column " + std::string(column) + " of table " + std::string(table) + " under " +
         folder_ + "/columns; schema.json there lists the tables and columns");
  }

  std::string folder_;
};

// kText: a line a row; kF32, kF64: the mark PINHOLE1 and little-endian numbers. The contest says
// which.
enum class Format { kText, kF32, kF64 };

// Writes the predictions, in row order, to a descriptor that the caller keeps (standard output
// unless told otherwise). Call Finish at the end: only then is everything written and counted.
class Predictions {
 public:
  explicit Predictions(size_t rows, Format format = Format::kText, size_t values_per_row = 1,
                       int descriptor = STDOUT_FILENO)
      : rows_(rows), format_(format), values_per_row_(values_per_row), descriptor_(descriptor) {
    if (values_per_row == 0) Fail("a row takes one prediction or more, not 0");
    if (format_ != Format::kText) buffer_ = "PINHOLE1";
  }
  Predictions(const Predictions&) = delete;
  Predictions& operator=(const Predictions&) = delete;

  size_t rows() const { return rows_; }

  // The next prediction: of the next row, or of the same row until it has `values_per_row`.
  void Add(double value) {
    const size_t row = added_ / values_per_row_;
    if (!std::isfinite(value)) {
      Fail("the prediction for row " + std::to_string(row) + " is " + std::to_string(value) +
           "; only finite numbers are scored");
    }
    if (row >= rows_)
      Fail("more predictions than the " + std::to_string(rows_) + " rows asked for");
    ++added_;
    switch (format_) {
      case Format::kText:
        AppendText(value);
        break;
      case Format::kF32:
        AppendFloat(value, row);
        break;
      case Format::kF64:
        AppendBytes(value);
        break;
    }
    if (buffer_.size() >= kBufferBytes) Flush();
  }

  // Writes what is left. Ends the program when predictions are missing.
  void Finish() {
    if (added_ != rows_ * values_per_row_) {
      Fail(std::to_string(added_) + " predictions were given, " +
           std::to_string(rows_ * values_per_row_) + " are needed");
    }
    Flush();
  }

 private:
  static constexpr size_t kBufferBytes = size_t{1} << 16;

  // The shortest text that reads back as the same number; at most 24 characters.
  void AppendText(double value) {
    std::array<char, 40> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    buffer_.append(text.data(), end);
    buffer_.push_back(added_ % values_per_row_ == 0 ? '\n' : ' ');
  }

  void AppendFloat(double value, size_t row) {
    const float narrow = static_cast<float>(value);
    if (!std::isfinite(narrow)) {
      Fail("the prediction for row " + std::to_string(row) + " is too large for f32");
    }
    AppendBytes(narrow);
  }

  template <class T>
  void AppendBytes(T value) {
    std::array<char, sizeof(T)> bytes;
    std::memcpy(bytes.data(), &value, sizeof(T));
    buffer_.append(bytes.data(), bytes.size());
  }

  void Flush() {
    std::string_view rest = buffer_;
    while (!rest.empty()) {
      const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) Fail(std::string("write the predictions: ") + std::strerror(errno));
      rest.remove_prefix(static_cast<size_t>(written));
    }
    buffer_.clear();
  }

  size_t rows_;
  Format format_;
  size_t values_per_row_;
  int descriptor_;
  size_t added_ = 0;  // predictions, not rows
  std::string buffer_;
};

}  // namespace pinhole::model
