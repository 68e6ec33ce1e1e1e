namespace IlqrVae.Control;

/// <summary>What solves have done so far, for whoever waits for them: may be read by one thread while others solve.</summary>
public sealed class SolveActivity
{
    private long _iterations;
    private long _factorisations;
    private long _products;
    private long _samples;

    /// <summary>Iterations, of solves that have not ended too.</summary>
    public long Iterations => Interlocked.Read(ref _iterations);

    /// <summary>Riccati backward passes of solves that have ended.</summary>
    public long Factorisations => Interlocked.Read(ref _factorisations);

    /// <summary>Exact Hessian products of solves that have ended.</summary>
    public long Products => Interlocked.Read(ref _products);

    /// <summary>Posterior samples that were drawn for bounds.</summary>
    public long Samples => Interlocked.Read(ref _samples);

    /// <summary>Notes an iteration.</summary>
    public void AddIteration() => Interlocked.Increment(ref _iterations);

    /// <summary>Notes a sample.</summary>
    public void AddSample() => Interlocked.Increment(ref _samples);

    /// <summary>Notes what a solve took that has ended.</summary>
    /// <param name="factorisations">Riccati backward passes.</param>
    /// <param name="products">Exact Hessian products.</param>
    public void AddSolve(int factorisations, int products)
    {
        Interlocked.Add(ref _factorisations, factorisations);
        Interlocked.Add(ref _products, products);
    }
}
