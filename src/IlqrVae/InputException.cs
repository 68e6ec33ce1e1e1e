namespace IlqrVae;

/// <summary>
/// The user's input (a file, a configuration, an option) is wrong. The message is one line that says what is wrong, where, and how to mend it;
/// the command line prints it as it is and exits with code 2.
/// </summary>
public sealed class InputException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line: what, where, and how to mend it.</param>
    public InputException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with the error that revealed the fault.</summary>
    /// <param name="message">One line: what, where, and how to mend it.</param>
    /// <param name="innerException">The error that revealed the fault.</param>
    public InputException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
