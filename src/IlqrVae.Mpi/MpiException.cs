namespace IlqrVae.Mpi;

/// <summary>MPI is not there, or cannot be used. The message says what to do.</summary>
public sealed class MpiException : Exception
{
    /// <summary>Initializes a new instance of the <see cref="MpiException"/> class.</summary>
    /// <param name="message">What is wrong.</param>
    public MpiException(string message)
        : base(message)
    {
    }
}
