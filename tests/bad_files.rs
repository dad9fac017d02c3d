//! Truncated, lying and mutated files: typed errors, no panic, no memory for what is only claimed.

mod made_files;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Write;
use std::path::Path;

use blastrain::data::{
    CsvReader, NpzReader, NpzWriter, read_idx, read_idx_from, read_npy, read_npy_from, write_npy_to,
};
use blastrain::{Error, Result};
use made_files::{gzip, idx, is_format};
use ndarray::array;
use proptest::prelude::*;

thread_local! {
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

/// Notes the largest single allocation of each thread.
struct Watching;

impl Watching {
    fn note(size: usize) {
        // The thread may be ending.
        let _ = LARGEST.try_with(|largest| largest.set(largest.get().max(size)));
    }
}

// SAFETY: every call is passed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::note(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::note(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::note(size);
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watching = Watching;

/// Runs something and says how large its largest allocation was.
fn largest<T>(run: impl FnOnce() -> T) -> (T, usize) {
    LARGEST.set(0);
    let value = run();
    (value, LARGEST.get())
}

/// Small files are read in buffers of this size at most.
const SMALL: usize = 1 << 18;

fn npy(header: &str, values: &[u8]) -> Vec<u8> {
    let length = (header.len() as u16).to_le_bytes();
    [&b"\x93NUMPY\x01\x00"[..], &length, header.as_bytes(), values].concat()
}

fn valid_npy() -> Vec<u8> {
    let mut bytes = Vec::new();
    write_npy_to(&mut bytes, &array![[1.0, 2.0], [3.0, 4.0]]).unwrap();
    bytes
}

fn valid_npz(folder: &Path) -> Vec<u8> {
    let path = folder.join("valid.npz");
    let mut npz = NpzWriter::create(&path).unwrap();
    npz.add("x", &array![[1.0, 2.0], [3.0, 4.0]]).unwrap();
    npz.add("y", &array![1.0_f32]).unwrap();
    npz.finish().unwrap();
    std::fs::read(path).unwrap()
}

fn read_npz(folder: &Path, bytes: &[u8]) -> Result<()> {
    let path = folder.join("case.npz");
    std::fs::write(&path, bytes).unwrap();
    let mut npz = NpzReader::open(path)?;
    for name in npz.names().to_vec() {
        npz.read::<f32>(&name)?.into_rows()?;
    }
    Ok(())
}

#[test]
fn every_truncation_is_a_format_error() {
    let labels = idx(0x0C, &[2, 2], &[0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4]);
    for whole in [labels.clone(), gzip(&labels)] {
        assert!(read_idx_from(&whole[..]).is_ok());
        for end in 0..whole.len() {
            is_format(read_idx_from(&whole[..end]), &format!("IDX cut at {end}"));
        }
    }
    for whole in [valid_npy(), gzip(&valid_npy())] {
        assert!(read_npy_from::<f64>(&whole[..]).is_ok());
        for end in 0..whole.len() {
            is_format(read_npy_from::<f64>(&whole[..end]), &format!("NPY cut at {end}"));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let whole = valid_npz(folder.path());
    assert!(read_npz(folder.path(), &whole).is_ok());
    for end in 0..whole.len() {
        is_format(read_npz(folder.path(), &whole[..end]), &format!("NPZ cut at {end}"));
    }
}

#[test]
fn bytes_after_the_values_are_a_format_error() {
    let (labels, array) = (idx(8, &[2], &[1, 2]), valid_npy());
    for extra in [&b"\0"[..], b"more"] {
        for bytes in [[&labels[..], extra].concat(), gzip(&[&labels[..], extra].concat())] {
            let message = is_format(read_idx_from(&bytes[..]), "IDX");
            assert!(message.contains("bytes follow"), "{message}");
        }
        is_format(read_idx_from(&[&gzip(&labels)[..], extra].concat()[..]), "after gzip");
        is_format(read_npy_from::<f64>(&[&array[..], extra].concat()[..]), "NPY");
    }
}

#[test]
fn lying_headers_do_not_allocate() {
    let huge = u32::MAX;
    let eighty = |head: Vec<u8>| [head.clone(), vec![7; 80 - head.len()]].concat();
    let idx_files = [
        eighty(idx(8, &[32768, 1024, 1024], &[])), // 32 GiB
        eighty(idx(0x0E, &[huge], &[])),
        eighty(idx(8, &[huge, huge, huge, huge], &[])), // more than memory can address
        eighty(idx(0x0E, &[huge, huge, 0], &[])),
        eighty(idx(8, &[huge, 0], &[])),
    ];
    for file in idx_files {
        assert_eq!(file.len(), 80);
        for bytes in [file.clone(), gzip(&file)] {
            let (result, largest) = largest(|| read_idx_from(&bytes[..]));
            is_format(result, "IDX");
            assert!(largest < SMALL, "{largest} bytes at once");
        }
    }
    let shape = |shape: &str| {
        npy(&format!("{{'descr': '<f8', 'fortran_order': True, 'shape': {shape}, }}\n"), &[0; 16])
    };
    let npy_files = [
        shape("(4294967296,)"),
        shape("(4294967296, 4294967296)"),
        shape("(18446744073709551615, 0)"),
        shape("(18446744073709551616,)"),
        shape(&format!("({})", "1, ".repeat(2000))),
        [&b"\x93NUMPY\x02\x00"[..], &u32::MAX.to_le_bytes(), b"{'descr'"].concat(),
    ];
    for file in npy_files {
        let (result, largest) = largest(|| read_npy_from::<f32>(&file[..]));
        is_format(result, "NPY");
        assert!(largest < SMALL, "{largest} bytes at once");
    }
}

/// A small file that unpacks to far more than its header claims is left at the first byte too many.
#[test]
fn a_gzip_bomb_is_read_as_far_as_claimed() {
    let bomb = gzip(&[idx(8, &[2], &[]), vec![0; 64 << 20]].concat());
    assert!(bomb.len() < 100_000);
    let (result, largest) = largest(|| read_idx_from(&bomb[..]));
    is_format(result, "bomb");
    assert!(largest < SMALL, "{largest} bytes at once");
}

/// The end of a ZIP64 archive that claims a directory of so many members, so many bytes, starting there.
fn zip64_end(members: u64, size: u64, start: u64) -> Vec<u8> {
    let mut end = b"PK\x06\x06".to_vec();
    end.extend(44_u64.to_le_bytes());
    end.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for number in [members, members, size, start] {
        end.extend(number.to_le_bytes());
    }
    end.extend(b"PK\x06\x07\0\0\0\0");
    end.extend(0_u64.to_le_bytes());
    end.extend(1_u32.to_le_bytes());
    end.extend(b"PK\x05\x06\0\0\0\0");
    end.extend([0xff; 12]);
    end.extend([0; 2]);
    end
}

#[test]
fn lying_archives_do_not_allocate() {
    let folder = tempfile::tempdir().unwrap();
    let refuse = |bytes: &[u8]| {
        let (result, largest) = largest(|| read_npz(folder.path(), bytes));
        let message = is_format(result, "NPZ");
        assert!(largest < 1 << 20, "{largest} bytes at once: {message}");
    };
    let numbers = [0, 1, 1000, 100_000, 1 << 26, 1 << 32, 1 << 40, 1 << 63, u64::MAX];
    for members in &numbers[1..] {
        for size in numbers {
            for start in numbers {
                refuse(&zip64_end(*members, size, start));
            }
        }
    }
    for (size, start) in
        [(0, 0), (0x0030_0000_u32, 0_u32), (u32::MAX, 70_000), (u32::MAX, u32::MAX)]
    {
        let mut end = b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff".to_vec();
        end.extend(size.to_le_bytes());
        end.extend(start.to_le_bytes());
        end.extend([0; 2]);
        refuse(&end);
    }
}

/// A member whose array claims 32 GiB.
#[test]
fn a_lying_array_in_an_archive_does_not_allocate() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lie.npz");
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296,), }\n";
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    archive.start_file("x.npy", zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(&npy(header, &[0; 64])).unwrap();
    archive.finish().unwrap();
    let (result, largest) = largest(|| NpzReader::open(&path)?.read::<f64>("x"));
    let message = is_format(result, "NPZ");
    assert!(message.contains("only 8 follow") && message.contains("x.npy"), "{message}");
    assert!(largest < 1 << 20, "{largest} bytes at once");
}

#[test]
fn wrong_magic_and_types_are_named() {
    let cases = [
        (is_format(read_idx_from(&b"\x01\0\x08\x01"[..]), "magic"), "0x01"),
        (is_format(read_idx_from(&idx(0x0A, &[1], &[0])[..]), "type"), "0x0a"),
        (is_format(read_idx_from(&idx(8, &[], &[0])[..]), "dimensions"), "0 dimensions"),
        (is_format(read_npy_from::<f32>(&b"NUMPY"[..]), "magic"), "magic"),
        (is_format(read_npy_from::<f32>(&b"\x93NUMPY\x09\0"[..]), "version"), "9.0"),
    ];
    for (message, part) in cases {
        assert!(message.contains(part) && message.contains("memory"), "{message}");
    }
}

#[test]
fn files_that_cannot_be_read_are_io_errors() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let is_io = |error: Error| {
        let names = error.to_string().contains(folder.path().to_str().unwrap());
        assert!(matches!(error, Error::Io { .. }) && names, "{error}");
    };
    for path in [missing.as_path(), folder.path()] {
        is_io(read_idx(path).unwrap_err());
        is_io(read_npy::<f32>(path).unwrap_err());
        is_io(NpzReader::open(path).unwrap_err());
        is_io(CsvReader::new().read(path).unwrap_err());
    }
    is_io(NpzWriter::create(folder.path()).unwrap_err());
}

#[test]
fn a_table_of_many_texts_is_not_blown_up() {
    let mut text = "a,b\n".to_string();
    (0..20_000).for_each(|row| text.push_str(&format!("t{row},1\n")));
    let table = CsvReader::new().target("b").read_from(text.as_bytes()).unwrap();
    let (result, largest) = largest(|| table.into_dataset::<f64>());
    is_format(result, "many texts");
    assert!(largest < 4 << 20, "{largest} bytes at once");
}

/// Replaces, inserts or removes bytes of a valid file.
fn mutate(mut bytes: Vec<u8>, changes: &[(u8, usize, u8)]) -> Vec<u8> {
    for &(kind, at, byte) in changes {
        if bytes.is_empty() {
            break;
        }
        let at = at % bytes.len();
        match kind % 4 {
            0 => bytes[at] = byte,
            1 => bytes[at] ^= 1 << (byte % 8),
            2 => bytes.insert(at, byte),
            _ => drop(bytes.remove(at)),
        }
    }
    bytes
}

fn changes() -> impl Strategy<Value = Vec<(u8, usize, u8)>> {
    proptest::collection::vec(any::<(u8, usize, u8)>(), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_files_do_not_panic(changes in changes(), packed: bool) {
        let pack = |bytes: Vec<u8>| if packed { gzip(&bytes) } else { bytes };
        let text = b"a,b,c\n1,red,2\n\"3\",\"bl\"\"ue\",4\n5,red,6\n".to_vec();
        let csv = [mutate(pack(text.clone()), &changes), pack(mutate(text, &changes))];
        let array = [mutate(pack(valid_npy()), &changes), pack(mutate(valid_npy(), &changes))];
        let image = idx(8, &[2, 2, 2], &[1, 2, 3, 4, 5, 6, 7, 8]);
        let image = [mutate(pack(image.clone()), &changes), pack(mutate(image, &changes))];
        let (_, largest) = largest(|| {
            for bytes in &csv {
                let table = CsvReader::new().target("b").read_from(&bytes[..]);
                let _ = table.and_then(|table| table.into_dataset::<f32>());
            }
            for bytes in &array {
                let _ = read_npy_from::<f64>(&bytes[..]).and_then(|npy| npy.into_rows());
            }
            for bytes in &image {
                let _ = read_idx_from(&bytes[..]).and_then(|idx| idx.rows::<f32>());
            }
        });
        prop_assert!(largest < SMALL, "{largest} bytes at once");
    }

    #[test]
    fn mutated_archives_do_not_panic(changes in changes()) {
        let folder = tempfile::tempdir().unwrap();
        let bytes = mutate(valid_npz(folder.path()), &changes);
        let (_, largest) = largest(|| read_npz(folder.path(), &bytes));
        prop_assert!(largest < 1 << 20, "{largest} bytes at once");
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[ab1.,\"\n\r ]{0,60}", drop_rows: bool) {
        let mut reader = CsvReader::new().target("a");
        if drop_rows {
            reader = reader.drop_missing_rows();
        }
        if let Ok(table) = reader.read_from(text.as_bytes()) {
            let lines: Vec<u64> = (0..table.len()).filter_map(|row| table.line(row)).collect();
            prop_assert!(lines.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!(lines.len(), table.len());
            let _ = table.into_dataset::<f64>();
        }
    }
}
