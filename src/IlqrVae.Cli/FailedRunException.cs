namespace IlqrVae.Cli;

/// <summary>A run that ended badly for reasons that are not the user's input; the message is one line.</summary>
internal sealed class FailedRunException(string message) : Exception(message);
