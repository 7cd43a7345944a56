#include "server/dataset/packed_row.h"

#include <cstdint>
#include <cstring>

namespace pinhole::dataset {

void PackRow(const RowBatch& batch, size_t row, std::string& out) {
  const size_t bits_at = out.size();
  out.append((batch.columns.size() + 7) / 8, '\0');
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    const ColumnData& column = batch.columns[i];
    if (column.IsMissing(row)) {
      char& bits = out[bits_at + i / 8];
      bits = static_cast<char>(bits | 1 << i % 8);
    } else if (column.type() == contest::ColumnType::kText) {
      const std::string_view text = column.Text(row);
      const auto length = static_cast<uint32_t>(text.size());  // a record has at most 16 MiB
      char raw[sizeof(length)];
      std::memcpy(raw, &length, sizeof(length));
      out.append(raw, sizeof(length));
      out.append(text);
    } else {
      out.append(column.FixedBytes(row));
    }
  }
}

void UnpackRow(std::string_view packed, RowBatch& batch) {
  const std::string_view bits = packed.substr(0, (batch.columns.size() + 7) / 8);
  packed.remove_prefix(bits.size());
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    ColumnData& column = batch.columns[i];
    if ((bits[i / 8] >> i % 8 & 1) != 0) {
      column.AppendMissing();
    } else if (column.type() == contest::ColumnType::kText) {
      uint32_t length = 0;
      std::memcpy(&length, packed.data(), sizeof(length));
      column.AppendText(packed.substr(sizeof(length), length));
      packed.remove_prefix(sizeof(length) + length);
    } else {
      const size_t width = WidthOf(column.type());
      column.AppendFixedBytes(packed.substr(0, width));
      packed.remove_prefix(width);
    }
  }
  ++batch.rows;
}

}  // namespace pinhole::dataset
