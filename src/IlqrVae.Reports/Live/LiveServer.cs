using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace IlqrVae.Reports.Live;

/// <summary>
/// Serves one page, and what comes for it as server-sent events, to browsers of this machine: on the loopback interface alone, to be read only, and to those who know the
/// random word of the address. A page of another site that has its name resolved to this machine is told by the Host header, and refused.
/// </summary>
internal sealed class LiveServer : IDisposable
{
    /// <summary>The most pages that are open at a time.</summary>
    internal const int MostReaders = 32;

    private const int Attempts = 50;
    private const int BytesOfToken = 16;
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    private readonly byte[] _page;
    private readonly LiveFeed _feed;
    private readonly HttpListener _listener;
    private readonly string _host;
    private readonly byte[] _token;
    private readonly Lock _lock = new();
    private readonly List<Task> _answers = [];

    /// <summary>Begins to serve.</summary>
    /// <param name="page">The page.</param>
    /// <param name="feed">What comes for it.</param>
    /// <exception cref="InputException">No port can be opened.</exception>
    public LiveServer(byte[] page, LiveFeed feed)
    {
        (_page, _feed) = (page, feed);
        (_listener, var port) = Listen();
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(BytesOfToken));
        _token = Encoding.ASCII.GetBytes(token);
        _host = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        Address = new Uri($"http://{_host}/{token}/");
        _ = AcceptAsync();
    }

    /// <summary>Gets the address of the page.</summary>
    public Uri Address { get; }

    /// <summary>Ends what was begun, once readers have the last message, or have had some seconds for it, and frees the port.</summary>
    public void Dispose()
    {
        Task[] answers;
        lock (_lock)
        {
            answers = [.. _answers];
        }

        Task.WaitAny(Task.WhenAll(answers), Task.Delay(Farewell));
        _listener.Close();
    }

    private static (HttpListener Listener, int Port) Listen()
    {
        for (var attempt = 1; ; attempt++)
        {
            // The listener cannot choose a port by itself; between choosing one here and its own start another program may take it.
            HttpListener? listener = null;
            try
            {
                int port;
                using (var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
                {
                    probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                    port = ((IPEndPoint)probe.LocalEndPoint!).Port;
                }

                listener = new HttpListener { IgnoreWriteExceptions = false };
                listener.Prefixes.Add(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/"));
                listener.Start();
                return (listener, port);
            }
            catch (Exception exception) when (exception is HttpListenerException or SocketException)
            {
                listener?.Close();
                if (attempt == Attempts)
                {
                    throw new InputException($"--watch: no port of this machine can be opened: {exception.Message}", exception);
                }
            }
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync().ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            lock (_lock)
            {
                _answers.RemoveAll(answer => answer.IsCompleted);
                _answers.Add(Task.Run(() => AnswerAsync(context)));
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        var response = context.Response;
        try
        {
            switch (Judge(context.Request))
            {
                case (HttpStatusCode.OK, "") when !_feed.After(0).IsEnded:
                    Prepare(response, "text/html; charset=utf-8");
                    response.ContentLength64 = _page.Length;
                    await response.OutputStream.WriteAsync(_page).ConfigureAwait(false);
                    break;
                case (HttpStatusCode.OK, Html.HtmlReport.LiveAddress):
                    await TellAsync(response).ConfigureAwait(false);
                    break;
                case var (status, _):
                    Prepare(response, "text/plain; charset=utf-8");
                    response.StatusCode = (int)(status == HttpStatusCode.OK ? HttpStatusCode.NotFound : status);
                    if (status == HttpStatusCode.MethodNotAllowed)
                    {
                        response.AddHeader("Allow", "GET");
                    }

                    break;
            }

            response.Close();
        }
        catch (Exception exception) when (exception is HttpListenerException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The browser has gone, or the server has.
            response.Abort();
        }
    }

    /// <summary>Whether a request is answered, and for what below the secret word.</summary>
    private (HttpStatusCode Status, string Name) Judge(HttpListenerRequest request)
    {
        if (!string.Equals(request.UserHostName, _host, StringComparison.Ordinal) || request.RemoteEndPoint is not { } from || !IPAddress.IsLoopback(from.Address))
        {
            return (HttpStatusCode.Forbidden, "");
        }

        var parts = (request.Url?.AbsolutePath ?? "").Split('/');
        if (parts.Length != 3 || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(parts[1]), _token) || parts[2] is not ("" or Html.HtmlReport.LiveAddress))
        {
            return (HttpStatusCode.NotFound, "");
        }

        return string.Equals(request.HttpMethod, "GET", StringComparison.Ordinal) ? (HttpStatusCode.OK, parts[2]) : (HttpStatusCode.MethodNotAllowed, "");
    }

    private static void Prepare(HttpListenerResponse response, string type)
    {
        response.ContentType = type;
        response.AddHeader("Cache-Control", "no-store");
        response.AddHeader("X-Content-Type-Options", "nosniff");
        response.AddHeader("Referrer-Policy", "no-referrer");
        response.AddHeader("Cross-Origin-Resource-Policy", "same-origin");
        response.AddHeader("Content-Security-Policy", "frame-ancestors 'none'");
    }

    private async Task TellAsync(HttpListenerResponse response)
    {
        if (!_feed.TryJoin(MostReaders))
        {
            response.StatusCode = (int)HttpStatusCode.ServiceUnavailable;
            return;
        }

        try
        {
            Prepare(response, "text/event-stream");
            response.SendChunked = true;
            response.KeepAlive = false;
            var body = response.OutputStream;

            // The browser knows that it is connected only when something has come.
            await body.WriteAsync(": \n\n"u8.ToArray()).ConfigureAwait(false);
            for (var version = 0L; ;)
            {
                var news = _feed.After(version);
                foreach (var message in news.Messages)
                {
                    await body.WriteAsync((byte[])[.. "data: "u8, .. message, .. "\n\n"u8]).ConfigureAwait(false);
                }

                await body.FlushAsync().ConfigureAwait(false);
                version = news.Version;
                if (news.IsEnded)
                {
                    return;
                }

                try
                {
                    await news.Changed.WaitAsync(Heartbeat).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    // Tells whether the browser is still there.
                    await body.WriteAsync(": \n\n"u8.ToArray()).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            _feed.Leave();
        }
    }
}
