import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.core.KeywordAnalyzer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.TermFrequencyAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.FieldType;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FieldInvertState;
import org.apache.lucene.index.IndexOptions;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LogDocMergePolicy;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.CollectionStatistics;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TermStatistics;
import org.apache.lucene.search.TopScoreDocCollector;
import org.apache.lucene.search.similarities.Similarity;
import org.apache.lucene.store.MMapDirectory;

/**
 * Lucene as a rival: weights of documents are term frequencies, those of queries are boosts, a
 * score is the sum of the products.
 *
 * <p>{@code build DOCUMENTS INDEX} makes an index of one segment. {@code serve INDEX QUERIES} then
 * reads lines {@code pass|answers pruned|exhaustive K} and writes a line for each query: how many
 * nanoseconds of processor time it took, or its documents with their scores.
 */
public final class Harness {
  private static final String FIELD = "tag";

  /** No frequency is above this: impacts are at most round(2 * 32767). */
  private static final float MOST = 65534;

  /**
   * Score is boost times frequency; documents have no length. To bound a term of few documents
   * Lucene asks for the score of an endless frequency: what is paid for it is what the largest
   * impact would get. Without that, bounds would be useless, and Lucene 8.7 even loses hits.
   */
  private static final class Linear extends Similarity {
    @Override
    public long computeNorm(FieldInvertState state) {
      return 1;
    }

    @Override
    public SimScorer scorer(float boost, CollectionStatistics field, TermStatistics... terms) {
      return new SimScorer() {
        @Override
        public float score(float frequency, long norm) {
          return boost * Math.min(frequency, MOST);
        }
      };
    }
  }

  /** The tags of one document with their weights as frequencies. */
  private static final class Tags extends TokenStream {
    private final CharTermAttribute term = addAttribute(CharTermAttribute.class);
    private final TermFrequencyAttribute frequency = addAttribute(TermFrequencyAttribute.class);
    private int[] postings;
    private int at;

    void use(int[] postings) {
      this.postings = postings;
      at = 0;
    }

    @Override
    public boolean incrementToken() {
      if (at == postings.length) {
        return false;
      }
      clearAttributes();
      term.append(Integer.toString(postings[at]));
      frequency.setTermFrequency(postings[at + 1]);
      at += 2;
      return true;
    }
  }

  private static DataInputStream open(String path) throws IOException {
    return new DataInputStream(
        new BufferedInputStream(Files.newInputStream(Paths.get(path)), 1 << 20));
  }

  /** Reads tags and weights, one after the other. */
  private static int[] postings(DataInputStream in) throws IOException {
    int[] all = new int[2 * in.readInt()];
    for (int i = 0; i < all.length; i++) {
      all[i] = in.readInt();
    }
    return all;
  }

  private static void build(String documents, Path index) throws IOException {
    FieldType type = new FieldType();
    type.setIndexOptions(IndexOptions.DOCS_AND_FREQS);
    type.setOmitNorms(true);
    type.setTokenized(true);
    type.freeze();
    IndexWriterConfig config = new IndexWriterConfig(new KeywordAnalyzer());
    config.setSimilarity(new Linear());
    config.setMergePolicy(new LogDocMergePolicy()); // keeps the order of documents
    config.setUseCompoundFile(false);
    config.setRAMBufferSizeMB(512);
    Tags tags = new Tags();
    Document document = new Document();
    document.add(new Field(FIELD, tags, type));
    try (DataInputStream in = open(documents);
        MMapDirectory directory = new MMapDirectory(index);
        IndexWriter writer = new IndexWriter(directory, config)) {
      for (int n = in.readInt(); n > 0; n--) {
        tags.use(postings(in));
        writer.addDocument(document);
      }
      writer.forceMerge(1);
    }
  }

  private static Query[] queries(String path) throws IOException {
    try (DataInputStream in = open(path)) {
      Query[] all = new Query[in.readInt()];
      for (int i = 0; i < all.length; i++) {
        int[] postings = postings(in);
        BooleanQuery.Builder query = new BooleanQuery.Builder();
        for (int j = 0; j < postings.length; j += 2) {
          Query term = new TermQuery(new Term(FIELD, Integer.toString(postings[j])));
          query.add(new BoostQuery(term, postings[j + 1]), BooleanClause.Occur.SHOULD);
        }
        all[i] = query.build();
      }
      return all;
    }
  }

  private static ScoreDoc[] search(IndexSearcher searcher, Query query, boolean pruned, int k)
      throws IOException {
    // With a count of hits that needn't be exact, Lucene skips by block maxima.
    int exactCount = pruned ? 1 : Integer.MAX_VALUE;
    TopScoreDocCollector collector = TopScoreDocCollector.create(k, null, exactCount);
    searcher.search(query, collector);
    return collector.topDocs().scoreDocs;
  }

  private static void serve(Path index, String path) throws IOException {
    Query[] queries = queries(path);
    try (MMapDirectory directory = new MMapDirectory(index);
        DirectoryReader reader = DirectoryReader.open(directory)) {
      if (reader.leaves().size() != 1) {
        throw new IOException("the index has " + reader.leaves().size() + " segments, not 1");
      }
      IndexSearcher searcher = new IndexSearcher(reader);
      searcher.setSimilarity(new Linear());
      searcher.setQueryCache(null);
      ThreadMXBean clock = ManagementFactory.getThreadMXBean();
      BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] words = line.split(" ");
        boolean pruned = words[1].equals("pruned");
        int k = Integer.parseInt(words[2]);
        StringBuilder out = new StringBuilder();
        for (Query query : queries) {
          long start = clock.getCurrentThreadCpuTime();
          ScoreDoc[] found = search(searcher, query, pruned, k);
          long taken = clock.getCurrentThreadCpuTime() - start;
          if (words[0].equals("pass")) {
            out.append(taken);
          } else {
            for (ScoreDoc hit : found) {
              out.append(hit.doc).append(' ').append(hit.score).append(' ');
            }
          }
          out.append('\n');
        }
        System.out.print(out);
        System.out.flush();
      }
    }
  }

  public static void main(String[] arguments) throws IOException {
    if (arguments.length == 3 && arguments[0].equals("build")) {
      build(arguments[1], Paths.get(arguments[2]));
    } else if (arguments.length == 3 && arguments[0].equals("serve")) {
      serve(Paths.get(arguments[1]), arguments[2]);
    } else {
      System.err.println("usage: Harness build DOCUMENTS INDEX | serve INDEX QUERIES");
      System.exit(2);
    }
  }
}
