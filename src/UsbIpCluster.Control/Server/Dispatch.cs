using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using UsbIpCluster.Control.Display;
using UsbIpCluster.Control.Rpc;

namespace UsbIpCluster.Control.Server;

/// <summary>An answer, and what follows it on the same connection.</summary>
/// <param name="Write">Writes the result.</param>
/// <param name="Later">The events that follow; null when nothing does.</param>
internal sealed record Answer(Action<Utf8JsonWriter> Write, IAsyncEnumerable<EventRow>? Later = null);

/// <summary>From a method's name to the handler's member, its parameters read and checked.</summary>
internal static class Dispatch
{
    /// <summary>Carries out a request.</summary>
    /// <exception cref="RpcException">The method is unknown, or its parameters are wrong.</exception>
    /// <exception cref="ControlException">The handler's.</exception>
    public static Task<Answer> CallAsync(
        IControlHandler handler, RpcRequest request, ControlCaller caller, TimeProvider clock, CancellationToken cancellationToken)
    {
        var json = ControlJson.Default;
        return request.Method switch
        {
            ControlMethods.List => RowsOrTable(
                json.ListParams, handler.ListAsync, json.IReadOnlyListDeviceRow, (rows, form) => Tables.Of(rows, form.Verbose)),
            ControlMethods.Nodes => RowsOrTable(
                json.NodesParams, handler.NodesAsync, json.IReadOnlyListNodeRow, (rows, _) => Tables.Of(rows, clock.GetUtcNow())),
            ControlMethods.RemoveNode => Rows(json.RemoveNodeParams, handler.RemoveNodeAsync, json.IReadOnlyListNodeRow),
            ControlMethods.Bind => Rows(json.BindParams, handler.BindAsync, json.IReadOnlyListDeviceRow),
            ControlMethods.Unbind => Rows(json.UnbindParams, handler.UnbindAsync, json.IReadOnlyListDeviceRow),
            ControlMethods.Drain => Rows(json.DrainParams, handler.DrainAsync, json.IReadOnlyListDeviceRow),
            ControlMethods.Attach => Rows(json.AttachParams, handler.AttachAsync, json.IReadOnlyListPortRow),
            ControlMethods.Hold => Rows(json.HoldParams, handler.HoldAsync, json.IReadOnlyListPortRow),
            ControlMethods.Detach => Rows(json.DetachParams, handler.DetachAsync, json.IReadOnlyListPortRow),
            ControlMethods.Port => RowsOrTable(
                json.PortParams, handler.PortAsync, json.IReadOnlyListPortRow, (rows, form) => Tables.Of(rows, form.Verbose, clock.GetUtcNow())),
            ControlMethods.Status => Rows(json.StatusParams, handler.StatusAsync, json.StatusRow),
            ControlMethods.Version => Rows(json.VersionParams, handler.VersionAsync, json.VersionRow),
            ControlMethods.Doctor => Rows(json.DoctorParams, handler.DoctorAsync, json.DoctorReport),
            ControlMethods.Events => Events(),
            _ => throw new RpcException(RpcCodes.MethodNotFound, $"no such method: {request.Method}"),
        };

        async Task<Answer> Rows<TParams, TResult>(
            JsonTypeInfo<TParams> parameters, Func<TParams, ControlCaller, CancellationToken, Task<TResult>> call, JsonTypeInfo<TResult> rows)
            where TParams : IControlParams
        {
            var result = await call(Read(request, parameters), caller, cancellationToken);
            return new Answer(writer => JsonSerializer.Serialize(writer, result, rows));
        }

        async Task<Answer> RowsOrTable<TParams, TRow>(
            JsonTypeInfo<TParams> parameters,
            Func<TParams, ControlCaller, CancellationToken, Task<IReadOnlyList<TRow>>> call,
            JsonTypeInfo<IReadOnlyList<TRow>> rows,
            Func<IReadOnlyList<TRow>, TableForm, Table> table)
            where TParams : ITableParams
        {
            var asked = Read(request, parameters);
            var result = await call(asked, caller, cancellationToken);
            if (asked.Table is not { } form)
                return new Answer(writer => JsonSerializer.Serialize(writer, result, rows));
            return new Answer(writer => TableAnswer.Write(writer, table(result, form), form));
        }

        async Task<Answer> Events()
        {
            var stream = await handler.EventsAsync(Read(request, json.EventsParams), caller, cancellationToken);
            return new Answer(writer => JsonSerializer.Serialize(writer, stream.Recent, json.IReadOnlyListEventRow), stream.Later);
        }
    }

    private static T Read<T>(RpcRequest request, JsonTypeInfo<T> type)
        where T : IControlParams
    {
        T? parameters;
        try
        {
            parameters = request.Params is { } given ? given.Deserialize(type) : JsonSerializer.Deserialize("{}"u8, type);
        }
        catch (JsonException e)
        {
            throw Wrong(request, type, e.Path is null or "$" ? "params do not fit" : $"{e.Path.Replace("$.", "", StringComparison.Ordinal)} does not fit");
        }

        if (parameters is null)
            throw Wrong(request, type, "params are null");
        return parameters.FindProblem() is { } problem ? throw Wrong(request, type, problem) : parameters;
    }

    private static RpcException Wrong(RpcRequest request, JsonTypeInfo type, string problem)
    {
        var names = string.Join(", ", type.Properties.Select(property => property.Name));
        return new RpcException(
            RpcCodes.InvalidParams, $"{request.Method}: {problem}", names.Length == 0 ? $"{request.Method} takes no params" : $"{request.Method} takes {names}");
    }
}
