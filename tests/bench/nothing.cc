// A program that ends at once: what a box costs by itself.
int main() { return 0; }
