//! A graph as walks see it, whether it is being built or lies in a mapped file.

use super::format::{FACTOR_BYTES, Shape, half, single, word};
use crate::arch::{BYTE_ROWS, CodeKernels, prefetch};
use crate::codes::estimate::QueryParts;
use crate::codes::query::CodeQuery;
use crate::distance::Metric;
use crate::{Error, Result};

/// Nothing of its bytes is believed: a degree or a link that cannot be is `Corrupt` when a walk comes to it.
#[derive(Clone)]
pub struct Graph<'a> {
    pub shape: Shape,
    /// How many rows have a node on each level; on the lowest, how many are linked.
    pub counts: &'a [u32],
    pub nodes: &'a [u8],
    /// Of each level above the lowest.
    pub uppers: Vec<&'a [u8]>,
}

impl<'a> Graph<'a> {
    pub fn node(&self, id: u32) -> &'a [u8] {
        let bytes = self.shape.node_bytes();
        &self.nodes[id as usize * bytes..][..bytes]
    }

    /// Factors and code of a node.
    #[inline(always)]
    pub fn code(&self, id: u32) -> &'a [u8] {
        &self.nodes[id as usize * self.shape.node_bytes()..][..self.shape.code_bytes()]
    }

    pub fn tail(&self, id: u32) -> Tail {
        let (node, at) = (self.node(id), self.shape.tail_at());
        let missed = f32::from_bits(u32::from(half(node, at + 12)) << 16);
        Tail { row: word(node, at), check: word(node, at + 4), error: single(node, at + 8), missed }
    }

    /// The links of a node; each is less than the count of the level.
    #[inline(always)]
    pub fn links(&self, level: usize, id: u32) -> Result<&'a [[u8; 4]]> {
        let (bytes, at) = match level {
            0 => (self.node(id), self.shape.links_at() - 2),
            _ => {
                let bytes = self.shape.upper_bytes();
                (&self.uppers[level - 1][id as usize * bytes..][..bytes], 0)
            }
        };
        let degree = usize::from(half(bytes, at));
        if degree > self.shape.most_links(level) {
            return Err(Error::corrupt(format!("node {id} has {degree} links on level {level}")));
        }
        Ok(bytes[at + if level == 0 { 2 } else { 4 }..][..4 * degree].as_chunks().0)
    }

    /// The number of a link.
    #[inline(always)]
    pub fn linked(&self, level: usize, link: [u8; 4]) -> Result<u32> {
        let link = u32::from_le_bytes(link);
        match link < self.counts[level] {
            true => Ok(link),
            false => Err(Error::corrupt(format!("a link to node {link} on level {level}"))),
        }
    }

    #[inline(always)]
    pub fn prefetch_code(&self, id: u32) {
        let start = self.nodes.as_ptr().wrapping_add(id as usize * self.shape.node_bytes());
        for line in (0..self.shape.code_bytes()).step_by(64) {
            prefetch(start.wrapping_add(line));
        }
    }

    #[inline(always)]
    pub fn prefetch_links(&self, id: u32) {
        let start = self.nodes.as_ptr().wrapping_add(id as usize * self.shape.node_bytes());
        for line in (self.shape.code_bytes()..self.shape.node_bytes()).step_by(64) {
            prefetch(start.wrapping_add(line));
        }
    }
}

/// Which row a node is.
#[derive(Clone, Copy, Debug)]
pub struct Tail {
    pub row: u32,
    pub check: u32,
    pub error: f32,
    /// See `codes::layout::Section::Tail`.
    pub missed: f32,
}

/// What nodes are compared with: a query, or a node.
#[derive(Clone)]
pub struct Operand {
    metric: Metric,
    /// As long as what is read of a node; zeros where it has no code.
    vector: Vec<i8>,
    total: i64,
    /// Half of what a step of the vector stands for.
    half: f32,
    /// What is added to a product for the metrics that are not l2, and what keys are divided by.
    along: f32,
    norm: f32,
    /// The squared length, by l2.
    squared: f32,
    /// Of a node by dot: see `Basics::radius`.
    lift: f32,
    radius: f32,
}

/// What distances between nodes are made of, beside these.
#[derive(Clone, Copy)]
pub struct Basics {
    pub metric: Metric,
    /// |c|².
    pub mean_squared: f32,
    /// Products are no distances: a long row is near to all. With one more coordinate by which rows are as
    /// long as this they are (Bachrach and others, "Speeding up the Xbox recommender system", 2014), and a
    /// query, which has none of it, orders rows as before. Longer rows have none of it, either.
    pub radius: f32,
}

impl Basics {
    fn lift(&self, norm: f32) -> f32 {
        lift(self.radius, norm)
    }
}

#[inline(always)]
fn lift(radius: f32, norm: f32) -> f32 {
    (radius * radius - norm * norm).max(0.0).sqrt()
}

impl Operand {
    pub fn of_query(shape: Shape, query: &CodeQuery, parts: &QueryParts) -> Self {
        let (limb, total, scale) = query.single();
        let mut vector = vec![0; shape.code_bytes()];
        vector[FACTOR_BYTES..][..limb.len()].copy_from_slice(limb);
        let (along, norm) = (parts.along as f32, parts.norm as f32);
        let (half, squared) = (0.5 * scale as f32, parts.squared as f32);
        Self { metric: parts.metric, vector, total, half, along, norm, squared, lift: 0.0, radius: 0.0 }
    }

    pub fn of_node(graph: &Graph<'_>, basics: &Basics, id: u32) -> Self {
        let (vector, metric) = (vec![0; graph.shape.code_bytes()], basics.metric);
        let [half, along, norm, squared, lift] = [0.0; 5];
        let radius = basics.radius;
        let mut operand = Self { metric, vector, total: 0, half, along, norm, squared, lift, radius };
        operand.become_node(graph, basics, id);
        operand
    }

    pub fn become_node(&mut self, graph: &Graph<'_>, basics: &Basics, id: u32) {
        let code = graph.code(id);
        let end = graph.shape.tail_at();
        let mut total = 0;
        for (number, &byte) in self.vector[FACTOR_BYTES..end].iter_mut().zip(&code[FACTOR_BYTES..end]) {
            // Half a step less than the code stands for.
            *number = (byte ^ 0x80) as i8;
            total += i32::from(*number);
        }
        let [scale, length, along, norm] = factors(code);
        self.total = total.into();
        (self.half, self.squared) = (0.5 * scale, length * length);
        (self.along, self.norm, self.lift) = (along + basics.mean_squared, norm, basics.lift(norm));
    }

    /// Of nodes their distances, or what ranks as these.
    #[inline(always)]
    pub fn keys(&self, kernels: &CodeKernels, graph: &Graph<'_>, ids: &[u32], into: &mut [f32; BYTE_ROWS]) {
        let mut codes: [&[u8]; BYTE_ROWS] = [&[]; BYTE_ROWS];
        for (code, &id) in codes.iter_mut().zip(ids) {
            *code = graph.code(id);
        }
        let codes = &codes[..ids.len()];
        let mut sums = [0; BYTE_ROWS];
        kernels.bytes(codes, &self.vector, &mut sums);
        for ((code, sum), key) in codes.iter().zip(sums).zip(into) {
            *key = self.key(code, sum);
        }
    }

    #[inline(always)]
    fn key(&self, code: &[u8], sum: i32) -> f32 {
        let [scale, length, along, norm] = factors(code);
        let product = scale * (self.half * (2 * i64::from(sum) - 255 * self.total) as f32);
        if self.metric.is_l2() {
            return (length * length - 2.0 * product) + self.squared;
        }
        let product = product + along + self.along;
        match self.metric {
            Metric::Dot if self.lift > 0.0 => -(product + self.lift * lift(self.radius, norm)),
            Metric::Dot => -product,
            _ => {
                let norms = norm * self.norm;
                if norms > 0.0 { 1.0 - product / norms } else { 1.0 }
            }
        }
    }

    /// The sum that bounds are made of.
    pub fn sum(&self, kernels: &CodeKernels, code: &[u8]) -> i64 {
        let mut sums = [0; BYTE_ROWS];
        kernels.bytes(&[code], &self.vector, &mut sums);
        sums[0].into()
    }
}

#[inline(always)]
pub fn factors(code: &[u8]) -> [f32; 4] {
    let bytes: &[u8; FACTOR_BYTES] = code.first_chunk().expect("a node has factors");
    std::array::from_fn(|i| f32::from_bits(u32::from_le_bytes(*bytes[4 * i..].first_chunk().expect("four"))))
}
