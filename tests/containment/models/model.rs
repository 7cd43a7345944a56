// A model in Rust: reads the view with four threads, uses scratch, prints one number.
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::{fs, io, thread};

fn main() -> io::Result<()> {
    let text = fs::read_to_string("/data/numbers.txt")?;
    let numbers: Arc<Vec<f64>> = Arc::new(text.split_whitespace().map(|n| n.parse().unwrap()).collect());
    let sums = Arc::new(Mutex::new(HashMap::new()));
    let threads: Vec<_> = (0..4usize)
        .map(|part| {
            let (numbers, sums) = (numbers.clone(), sums.clone());
            thread::spawn(move || {
                let sum: f64 = numbers.iter().skip(part).step_by(4).sum();
                sums.lock().unwrap().insert(part, sum);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let total: f64 = sums.lock().unwrap().values().sum();
    fs::write("/tmp/scratch", total.to_string())?;
    let total: f64 = fs::read_to_string("/tmp/scratch")?.parse().unwrap();
    let files = fs::read_dir("/data")?.count();
    eprintln!("files {} size {}", files, fs::metadata("/data/numbers.txt")?.len());
    println!("{}", total.round() as i64);
    Ok(())
}
